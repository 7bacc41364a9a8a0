// One KPI area by area.

import { changeText, askKpis, kpiPath, valueWords, type Kpi } from './kpis';
import { RecordsButton } from './kpitab';
import { AREA_FIELDS, type AreaField } from './schema';
import { useAnswer, type Answer } from './use';
import type { View } from './view';
import { say } from './words';
import type { Kpis } from './kpis';

/** The KPI that is looked at, area by area; undefined asks nothing. */
export function useKpiAreas(view: View, id: string | undefined): Answer<Kpis> {
  const { state, client } = view;
  const request = { filter: state.filter, versus: state.versus, by: state.area ?? 'community', id };
  return useAnswer(id && `${view.tick} ${kpiPath(request)}`, (signal) => askKpis(client, request, signal));
}

/** The table of areas. */
export function KpiAreas({ view }: { view: View }) {
  const { lang, state } = view;
  const answer = useKpiAreas(view, state.kpi);
  if (state.kpi === undefined) return null;
  const title = answer.value?.kpis[0]?.title[lang] ?? '';
  return (
    <section class="kpiareas" aria-busy={answer.asking}>
      <h2>
        {title} · {say(lang, 'byArea')}
      </h2>
      <div class="segments" role="group" aria-label={say(lang, 'byArea')}>
        {AREA_FIELDS.map((kind: AreaField) => (
          <button key={kind} type="button" aria-pressed={(state.area ?? 'community') === kind} onClick={() => view.change({ area: kind })}>
            {say(lang, kind)}
          </button>
        ))}
      </div>
      {answer.error !== undefined && <p role="alert">{answer.error}</p>}
      <table class="kpis" aria-label={title}>
        <tbody>
          {(answer.value?.areas ?? []).map((area) => {
            const kpi = area.kpis[0];
            return kpi && <AreaRow key={area.code} view={view} name={area.name || view.areas.name(area.code) || say(lang, 'none')} kpi={kpi} />;
          })}
        </tbody>
      </table>
    </section>
  );
}

function AreaRow({ view, name, kpi }: { view: View; name: string; kpi: Kpi }) {
  const { lang } = view;
  return (
    <tr>
      <th scope="row">
        {name}
        {kpi.small && (
          <span class="small" title={say(lang, 'smallHint')}>
            {say(lang, 'small')}
          </span>
        )}
      </th>
      <td class="quantity value">{valueWords(kpi.value, kpi.unit, lang)}</td>
      <td class="quantity">
        {kpi.numerator} / {kpi.denominator}
      </td>
      <td class="quantity">{valueWords(kpi.baseline.value, kpi.unit, lang)}</td>
      <td class="quantity">{changeText(kpi, lang)}</td>
      <td class="actions">
        <RecordsButton view={view} kpi={kpi} />
      </td>
    </tr>
  );
}
