// The last seven days that have data.

import { count, day } from '../../words/format';
import { say } from '../../words/text';
import { Panel } from '../panel';
import type { Wall } from '../wall';
import { tell } from '../words';

/** The panel. */
export function Days({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const figures = wall.facts.figures.value.value;
  const days = figures?.days ?? [];
  const last = days.at(-1);
  const top = Math.max(1, ...days.map((d) => d.count));
  const sums: [string, number][] = figures
    ? [
        [say(lang, 'today'), last?.count ?? 0],
        [say(lang, 'sevenDays'), days.reduce((n, d) => n + d.count, 0)],
        [say(lang, 'closedOfThem'), figures.closedOfDays],
      ]
    : [];
  return (
    <Panel wall={wall} name="days" at={wall.facts.figures.at.value} title={tell(lang, 'dayReports')} note={last ? say(lang, 'until', { day: day(last.start) }) : ''}>
      <div class="bars">
        {days.map((d) => (
          <button key={d.start} type="button" class="bar" onClick={() => wall.list({ datetime: `${day(d.start)}/${day(d.start)}` }, true)}>
            <b>{count(d.count)}</b>
            <i style={{ '--part': String(d.count / top) }} />
            <span>{day(d.start).slice(8)}</span>
          </button>
        ))}
      </div>
      <div class="sums">
        {sums.map(([name, n]) => (
          <div key={name}>
            <span>{name}</span>
            <strong>{count(n)}</strong>
          </div>
        ))}
      </div>
    </Panel>
  );
}
