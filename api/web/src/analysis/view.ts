// What every part of the page is given: who asks, what there is, what is chosen, and how to choose something else.

import type { Client } from '../service/client';
import type { Theme } from '../ui/theme';
import type { Lang } from '../words/format';
import type { Areas } from './areas';
import type { Filter } from './filter';
import type { Layer } from './schema';
import type { State } from './state';

/** The page as its parts see it. */
export interface View {
  readonly lang: Lang;
  readonly theme: Theme;
  readonly client: Client;
  readonly state: State;
  readonly layers: readonly Layer[];
  readonly layer: Layer;
  readonly areas: Areas;
  /** The first and the last day of the layer; undefined where it has no time, or is not known yet. */
  readonly extent: { readonly first: string; readonly last: string } | undefined;
  /** Rises when the data has changed and should be asked again. */
  readonly tick: number;
  /** Changes parts of the state; `visit` makes it a step that the back button undoes. */
  change(parts: Partial<State>, visit?: boolean): void;
  /** Chooses other features. */
  refilter(filter: Filter): void;
}

/** The key of a question: the same as long as the answer is. */
export const keyOf = (view: View, ...more: readonly unknown[]): string => JSON.stringify([view.layer.id, view.tick, ...more]);
