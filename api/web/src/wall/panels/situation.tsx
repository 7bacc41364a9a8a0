// The open events by level; a level narrows the list.

import { count } from '../../words/format';
import { say } from '../../words/text';
import { LEVELS, OPEN } from '../figures';
import { Panel } from '../panel';
import type { Wall } from '../wall';

/** The panel. A number that is not known is a dash, which is not nought. */
export function Situation({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const playback = wall.drives.playback;
  const figures = playback.on.value ? playback.figures.value : wall.facts.figures.value.value;
  const chosen = wall.address.state.value.level;
  const top = Math.max(1, ...(figures?.open ?? []));
  const all = figures?.open.reduce((a, b) => a + b, 0);
  return (
    <Panel wall={wall} name="situation" at={wall.facts.figures.at.value} title={say(lang, 'openEvents')} note={figures ? say(lang, 'ofAll', { n: count(figures.total) }) : ''}>
      <div class="situation">
        <button type="button" class="figure" onClick={() => wall.list(OPEN, true)}>
          {all === undefined ? '—' : count(all)}
        </button>
        <div class="levels">
          {[...LEVELS].reverse().map((level) => {
            const n = figures?.open[level - 1];
            return (
              <div key={level} class="level-row" data-whole>
                <button type="button" class={`level level-${level}${chosen === level ? ' on' : ''}`} aria-pressed={chosen === level} onClick={() => wall.pickLevel(level)}>
                  <b class="chip">{level}</b>
                  <span class="level-name">{say(lang, 'level', { n: level })}</span>
                  <i class="gauge" style={{ '--part': String((n ?? 0) / top) }} />
                </button>
                <button type="button" class="level-count" aria-label={`${say(lang, 'openEvents')} ${say(lang, 'level', { n: level })}: ${n === undefined ? '—' : count(n)}`} onClick={() => wall.list({ level: String(level), ...OPEN }, true)}>
                  {n === undefined ? '—' : count(n)}
                </button>
              </div>
            );
          })}
        </div>
      </div>
    </Panel>
  );
}
