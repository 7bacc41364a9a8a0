// The parts of the scope compared: by their rate, with what is open in each beside it.

import { count } from '../../words/format';
import { OPEN } from '../figures';
import { kpiText } from '../kpis';
import { Panel } from '../panel';
import { partsOf } from '../parts';
import type { Wall } from '../wall';
import { tell } from '../words';

/** The panel: the highest rate first, small numbers marked and not ranked before others. */
export function PartsPanel({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const parts = partsOf(wall);
  const top = Math.max(0.001, ...parts.map((p) => p.rate ?? 0));
  return (
    <Panel wall={wall} name="parts" at={wall.facts.parts.at.value} title={tell(lang, 'areasTitle', { unit: tell(lang, wall.scope.value ? 'grids' : 'communities') })} note={tell(lang, 'perWeek')}>
      <ol class="parts">
        {parts.map((part) => (
          <li key={part.code} data-whole>
            <button type="button" class={`part${part.small ? ' small' : ''}`} onClick={() => wall.visit(part.code)}>
              <span class="part-name">{part.name.replace(/社区$/, '')}</span>
              <i class="gauge" style={{ '--part': String((part.rate ?? 0) / top) }} />
              <strong>{kpiText(part.rate, 'rate', lang)[0]}</strong>
            </button>
            <button type="button" class="part-open" aria-label={`${part.name}: ${tell(lang, 'open')} ${part.open === undefined ? '—' : count(part.open)}`} onClick={() => wall.list({ scope: part.code, ...OPEN })}>
              {tell(lang, 'open')} <b>{part.open === undefined ? '—' : count(part.open)}</b>
            </button>
          </li>
        ))}
      </ol>
      <p class="note">{tell(lang, 'areasNote')}</p>
    </Panel>
  );
}
