// The state of the wall in the address: everything behind # so that it never reaches a server or its log.
// #lang=en&layers=grids,events&heat=0&level=3&view=15.20/30.56700/114.30800/-12/40&token=...

import { formatCamera, parseCamera, type Camera } from '../map/camera';
import type { Lang } from '../words/format';

/** What the address of the wall can say; what it does not say is undefined and left to the defaults. */
export interface WallState {
  readonly lang?: Lang;
  /** Layers that are shown; all others are not. */
  readonly layers?: readonly string[];
  readonly heat?: boolean;
  /** The level (1 to 5) that the list of events is narrowed to. */
  readonly level?: number;
  readonly view?: Camera;
}

/** Reads the state and the token out of a fragment, with or without its #. What cannot be read is left out. */
export function parseFragment(fragment: string): { state: WallState; token?: string } {
  const words = new URLSearchParams(fragment.replace(/^#/, ''));
  const lang = words.get('lang');
  const layers = words.get('layers');
  const heat = words.get('heat');
  const level = Number(words.get('level'));
  const view = parseCamera(words.get('view'));
  const token = words.get('token')?.trim();
  return {
    state: {
      ...(lang === 'zh' || lang === 'en' ? { lang } : {}),
      ...(layers === null ? {} : { layers: layers.split(',').filter((name) => name !== '') }),
      ...(heat === '0' || heat === '1' ? { heat: heat === '1' } : {}),
      ...(Number.isInteger(level) && level >= 1 && level <= 5 ? { level } : {}),
      ...(view ? { view } : {}),
    },
    ...(token ? { token } : {}),
  };
}

/** Writes the state as a fragment, "" when there is nothing to say. The token is never written. */
export function formatFragment(state: WallState): string {
  const words: string[] = [];
  if (state.lang) words.push(`lang=${state.lang}`);
  if (state.layers) words.push(`layers=${state.layers.map(encodeURIComponent).join(',')}`);
  if (state.heat !== undefined) words.push(`heat=${state.heat ? 1 : 0}`);
  if (state.level) words.push(`level=${state.level}`);
  if (state.view) words.push(`view=${formatCamera(state.view)}`);
  return words.length === 0 ? '' : `#${words.join('&')}`;
}
