// What the open events are about.

import { count } from '../../words/format';
import { OPEN } from '../figures';
import { Panel } from '../panel';
import type { Wall } from '../wall';
import { tell } from '../words';

const MOST = 6;

/** The panel; a kind opens its records. */
export function Kinds({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const kinds = [...(wall.facts.kinds.value.value ?? [])].sort((a, b) => b.count - a.count || a.key.localeCompare(b.key)).slice(0, MOST);
  const top = Math.max(1, ...kinds.map((k) => k.count));
  return (
    <Panel wall={wall} name="kinds" at={wall.facts.kinds.at.value} title={tell(lang, 'kinds')}>
      <ol class="parts">
        {kinds.map((kind) => (
          <li key={kind.key} data-whole>
            <button type="button" class="part" onClick={() => wall.list({ category: kind.key, ...OPEN }, true)}>
              <span class="part-name">{kind.title[lang] || kind.key}</span>
              <i class="gauge" style={{ '--part': String(kind.count / top) }} />
              <strong>{count(kind.count)}</strong>
            </button>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
