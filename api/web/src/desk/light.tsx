// The deadline light: a colour and a shape that say the same.

import type { Lang } from '../words/format';
import type { Light } from './deadline';
import { say } from './words';

const SHAPES: Readonly<Record<Light, string>> = {
  green: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z',
  yellow: 'M8 1.5L15 14H1z',
  orange: 'M8 .5L15.5 8L8 15.5L.5 8z',
  red: 'M1.5 1.5h13v13h-13z M7 3.5v6h2v-6z M7 11v2h2v-2z',
  none: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z M8 4.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z',
};

/** A light with its meaning as its name. */
export function DeadlineLight({ light, lang }: { readonly light: Light; readonly lang: Lang }) {
  return (
    <svg class={`light ${light}`} viewBox="0 0 16 16" role="img" aria-label={say(lang, light)}>
      <path d={SHAPES[light]} fill-rule="evenodd" />
    </svg>
  );
}
