// A chart of the features by a field or over time, beside the period that it is compared with. A bar filters.

import { Chart } from '../ui/chart';
import { count } from '../words/format';
import { askGroups, type Groups } from './ask';
import { chosen, queryOf, toggle, type Filter } from './filter';
import { handle } from './handle';
import { baselineOf, bucketFor, bucketWindow, readWindow, windowWords, writeWindow, type Bucket, type Window } from './period';
import { fieldTitle } from './schema';
import { entriesOf, timeEntries, type Entry } from './series';
import { useAnswer, type Answer } from './use';
import { keyOf, type View } from './view';
import { say, type Word } from './words';

const BUCKET_WORDS = { day: 'byDay', week: 'byWeek', month: 'byMonth' } as const satisfies Record<Bucket, Word>;

/** The title of a chart. */
export function chartTitle(view: Pick<View, 'lang' | 'layer' | 'state'>, by: string): string {
  const { lang, layer, state } = view;
  if (by === 'time') return `${say(lang, 'byTime')} · ${say(lang, BUCKET_WORDS[bucketFor(readWindow(state.filter.datetime))])}`;
  if (by === 'hour' || by === 'weekday') return say(lang, 'chart', { field: say(lang, by) });
  return say(lang, 'chart', { field: fieldTitle(layer, by, lang) });
}

/** Whether a bar of a chart says something that a filter can say. */
export const canFilter = (by: string): boolean => by !== 'hour' && by !== 'weekday';

function useGroups(view: View, by: string, filter: Filter | undefined): Answer<Groups> {
  const bucket = by === 'time' ? bucketFor(readWindow(view.state.filter.datetime)) : by;
  const facet = canFilter(by) && by !== 'time';
  const key = filter && keyOf(view, 'groups', bucket, queryOf(filter, facet ? by : undefined).toString());
  return useAnswer(key, (signal) => askGroups(view.client, view.layer.id, bucket, filter ?? view.state.filter, signal, facet));
}

/** A chart with its title and its data as a table. */
export function ChartCard({ view, by, remove }: { view: View; by: string; remove(): void }) {
  const { lang, state, layer, areas } = view;
  const window = readWindow(state.filter.datetime);
  const bucket = bucketFor(window);
  const baseline = baselineOf(state.versus, window);
  const answer = useGroups(view, by, state.filter);
  const before = useGroups(view, by, baseline && { ...state.filter, datetime: writeWindow(baseline) });
  const naming = { layer, lang, areaName: areas.name };
  const entries = answer.value ? (by === 'time' ? timeEntries(answer.value, bucket, window) : entriesOf(answer.value, by, naming)) : [];
  const was = before.value ? (by === 'time' ? timeEntries(before.value, bucket, baseline) : entriesOf(before.value, by, naming)) : [];
  const past = (e: Entry, i: number): number => (by === 'time' ? was[i]?.count : was.find((w) => w.key === e.key)?.count) ?? 0;
  const title = chartTitle(view, by);
  const pick = (first: number, last = first): void => pickEntries(view, by, bucket, entries.slice(first, last + 1));
  // The chart of time, which is wide, says the days of the periods; the others are too narrow for them.
  const named = (period: Window, word: Word): string => (by === 'time' ? windowWords(writeWindow(period)) : say(lang, word));
  const series = [
    { name: window ? named(window, 'thisPeriod') : say(lang, 'count'), values: entries.map((e) => e.count) },
    ...(baseline ? [{ name: named(baseline, 'basePeriod'), values: entries.map(past) }] : []),
  ];
  return (
    <figure class={by === 'time' ? 'chartcard wide' : 'chartcard'} data-chart={by}>
      <figcaption>
        <span>{title}</span>
        <small class="quiet">{by === 'time' ? say(lang, 'brushHint') : canFilter(by) ? say(lang, 'barHint') : ''}</small>
        <button type="button" class="link" aria-label={say(lang, 'removeChart', { field: title })} onClick={remove}>
          ×
        </button>
      </figcaption>
      {answer.error !== undefined ? (
        <p class="fault" role="alert">
          {answer.error}
        </p>
      ) : (
        <Chart
          bars={{ names: entries.map((e) => e.name), chosen: entries.map((e) => by !== 'time' && chosen(state.filter, by, e.key)), series, upright: by === 'time' || by === 'hour' || by === 'weekday' }}
          label={title}
          theme={view.theme}
          height={by === 'time' || by === 'hour' || by === 'weekday' ? 200 : Math.max(120, 34 + entries.length * (baseline ? 34 : 24))}
          {...(canFilter(by) ? { pick } : {})}
          {...(by === 'time' ? { brush: pick } : {})}
          stands={(chart) => (chart ? handle().charts.set(by, chart) : handle().charts.delete(by))}
        />
      )}
      <DataTable view={view} title={title} entries={entries} series={series} {...(canFilter(by) ? { pick } : {})} />
    </figure>
  );
}

function pickEntries(view: View, by: string, bucket: Bucket, entries: readonly Entry[]): void {
  const { filter } = view.state;
  const [first, last] = [entries[0], entries.at(-1)];
  if (!first || !last) return;
  if (by !== 'time') return view.refilter(toggle(filter, by, first.key));
  const window = readWindow(filter.datetime);
  const from = bucketWindow(bucket, first.key ?? '')?.from ?? '';
  const to = bucketWindow(bucket, last.key ?? '')?.to ?? '';
  const inside = { from: window && window.from > from ? window.from : from, to: window && window.to < to ? window.to : to };
  view.refilter({ ...filter, datetime: writeWindow(inside) });
}

interface DataTableProps {
  readonly view: View;
  readonly title: string;
  readonly entries: readonly Entry[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  pick?(index: number): void;
}

function DataTable({ view, title, entries, series, pick }: DataTableProps) {
  return (
    <details class="data">
      <summary>{say(view.lang, 'asTable')}</summary>
      <table aria-label={title}>
        <tbody>
          {entries.map((e, i) => (
            <tr key={e.key ?? ''}>
              <th scope="row">
                {pick ? (
                  <button type="button" class="link" onClick={() => pick(i)}>
                    {e.name}
                  </button>
                ) : (
                  e.name
                )}
              </th>
              {series.map((s) => (
                <td key={s.name} class="quantity">
                  {count(s.values[i] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
