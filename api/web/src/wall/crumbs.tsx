// Where one is: from the whole subdistrict down to a grid, and what lies below.

import type { Wall } from './wall';
import { tell } from './words';

/** The way down, and one step back. */
export function Crumbs({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const { areas } = wall.facts;
  const scope = wall.scope.value;
  const path = areas.value.path(scope?.code ?? areas.value.root?.code);
  if (path.length === 0) return null;
  return (
    <nav class={`crumbs${scope ? ' inside' : ''}`} aria-label={tell(lang, 'whole')}>
      {scope && (
        <button class="crumb-back" type="button" aria-label={tell(lang, 'back')} title="Esc" onClick={() => wall.back()}>
          ‹
        </button>
      )}
      <ol>
        {path.map((area, i) => (
          <li key={area.code}>
            <button type="button" {...(i === path.length - 1 ? { 'aria-current': 'location' as const } : {})} onClick={() => wall.visit(area.code)}>
              {area.name}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
