// The charts: over time, by the fields with few values, by area, by hour and weekday; the choice is the reader's.

import { ChartCard, chartTitle } from './chartcard';
import { facetFields, isAreaField, type Layer } from './schema';
import type { View } from './view';
import { say } from './words';

/** Everything that a layer can be grouped by in a chart. */
export function groupable(layer: Layer): readonly string[] {
  const timed = layer.timeField !== '';
  const areas = layer.fields.map((f) => f.name).filter(isAreaField);
  return [...(timed ? ['time'] : []), ...facetFields(layer).map((f) => f.name), ...areas, ...(timed ? ['hour', 'weekday'] : [])];
}

/** The charts that are shown when nobody has chosen. */
export function usualCharts(layer: Layer): readonly string[] {
  const few = facetFields(layer).filter((f) => f.type !== 'bool' && f.codes.size <= 12 && !/_count$/.test(f.name));
  const shown = new Set(['time', 'hour', 'weekday', 'community', ...few.slice(0, 4).map((f) => f.name)]);
  return groupable(layer).filter((by) => shown.has(by));
}

/** The charts. */
export function Charts({ view }: { view: View }) {
  const { lang, layer, state } = view;
  const shown = state.charts ?? usualCharts(layer);
  const others = groupable(layer).filter((by) => !shown.includes(by));
  return (
    <div class="charts">
      {shown.map((by) => (
        <ChartCard key={`${layer.id} ${by}`} view={view} by={by} remove={() => view.change({ charts: shown.filter((b) => b !== by) })} />
      ))}
      {others.length > 0 && (
        <select class="field" aria-label={say(lang, 'addChart')} value="" onChange={(e) => e.currentTarget.value && view.change({ charts: [...shown, e.currentTarget.value] })}>
          <option value="">{say(lang, 'addChart')}…</option>
          {others.map((by) => (
            <option key={by} value={by}>
              {chartTitle(view, by)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
