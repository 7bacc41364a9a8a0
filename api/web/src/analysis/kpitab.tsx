// The KPIs: every figure with what it is made of, beside its baseline; the records behind it are one click away.

import { count } from '../words/format';
import { changeText, askKpis, headlines, kpiPath, recordsFilter, valueWords, verdict, type Kpi, type Kpis } from './kpis';
import { KpiAreas } from './kpiareas';
import { windowWords } from './period';
import { refiltered } from './state';
import { useAnswer } from './use';
import { Versus } from './versus';
import type { View } from './view';
import { say } from './words';

/** The window and the baseline in which the sample has the five published figures. */
export const ARTICLE = { datetime: '2017-07-01/2017-09-30', versus: 'year' } as const;

/** The tab. */
export function KpiTab({ view }: { view: View }) {
  const { lang, state, client } = view;
  const request = { filter: state.filter, versus: state.versus };
  const answer = useAnswer(`${view.tick} ${kpiPath(request)}`, (signal) => askKpis(client, request, signal));
  const found = answer.value;
  return (
    <div class="kpitab" aria-busy={answer.asking}>
      <div class="tools">
        <Versus view={view} usual="year" />
        <button
          type="button"
          class="button"
          data-article
          title={say(lang, 'articleHint')}
          onClick={() => view.change({ ...refiltered({ terms: [], datetime: ARTICLE.datetime }), versus: ARTICLE.versus }, true)}
        >
          {say(lang, 'article')}
        </button>
        {found && <span class="quiet">{say(lang, 'periodIs', { a: windowWords(found.period), b: windowWords(found.baseline) })}</span>}
      </div>
      {answer.error !== undefined && (
        <p class="fault" role="alert">
          {answer.error}
        </p>
      )}
      {!found && answer.asking && <p class="quiet">{say(lang, 'kpiLoading')}</p>}
      {found && (
        <div class="scroll" tabIndex={0} role="region" aria-label={say(lang, 'kpi')}>
          <Headlines kpis={found.kpis} view={view} />
          <KpiTable view={view} kpis={found} />
          <KpiAreas view={view} />
        </div>
      )}
    </div>
  );
}

function Headlines({ kpis, view }: { kpis: readonly Kpi[]; view: View }) {
  return (
    <ul class="headlines">
      {headlines(kpis, view.lang).map((h) => (
        <li key={h.title.en} data-headline={h.id}>
          <span>{h.title[view.lang]}</span>
          <strong>{h.text}</strong>
          <small>{h.more}</small>
        </li>
      ))}
    </ul>
  );
}

function KpiTable({ view, kpis }: { view: View; kpis: Kpis }) {
  const { lang } = view;
  return (
    <table class="kpis">
      <thead>
        <tr>
          <th scope="col">{say(lang, 'whatKpi')}</th>
          <th scope="col" class="quantity">
            {say(lang, 'value')}
          </th>
          <th scope="col" class="quantity">
            {say(lang, 'numerator')} / {say(lang, 'denominator')}
          </th>
          <th scope="col" class="quantity">
            {say(lang, 'baseline')}
          </th>
          <th scope="col" class="quantity">
            {say(lang, 'change')}
          </th>
          <th scope="col">{say(lang, 'records')}</th>
        </tr>
      </thead>
      <tbody>
        {kpis.kpis.map((k) => (
          <KpiRow key={k.id} view={view} kpi={k} />
        ))}
      </tbody>
    </table>
  );
}

function KpiRow({ view, kpi }: { view: View; kpi: Kpi }) {
  const { lang, state } = view;
  const here = state.kpi === kpi.id;
  const judged = verdict(kpi);
  return (
    <tr data-kpi={kpi.id} {...(here ? { class: 'here' } : {})}>
      <th scope="row">
        <details>
          <summary>
            {kpi.title[lang]}
            {kpi.small && (
              <span class="small" title={say(lang, 'smallHint')}>
                {say(lang, 'small')}
              </span>
            )}
          </summary>
          <p>{kpi.formula[lang]}</p>
        </details>
        {kpi.reason[lang] !== '' && <small class="reason">{kpi.reason[lang]}</small>}
      </th>
      <td class="quantity value">{valueWords(kpi.value, kpi.unit, lang)}</td>
      <td class="quantity">
        {count(kpi.numerator)} / {count(kpi.denominator)}
      </td>
      <td class="quantity">{valueWords(kpi.baseline.value, kpi.unit, lang)}</td>
      <td class={`quantity ${judged}`}>
        {changeText(kpi, lang)}
        {judged !== 'none' && <span class="sr-only"> {say(lang, judged === 'good' ? 'better' : 'worse')}</span>}
      </td>
      <td class="actions">
        <RecordsButton view={view} kpi={kpi} />
        {kpi.value !== null && (
          <button type="button" class="link" data-kpi-map aria-pressed={here && state.map === 'areas'} onClick={() => view.change({ kpi: kpi.id, map: 'areas' })}>
            {say(lang, 'kpiOnMap')}
          </button>
        )}
      </td>
    </tr>
  );
}

/** Opens the records behind a figure as the filter of the table. */
export function RecordsButton({ view, kpi, text }: { view: View; kpi: Kpi; text?: string }) {
  const found = recordsFilter(kpi.records);
  if (!found) return null;
  return (
    <button
      type="button"
      class="link"
      data-records={kpi.id}
      aria-label={say(view.lang, 'openRecords', { title: `${kpi.title[view.lang]} ${text ?? ''}` })}
      onClick={() => view.change({ ...refiltered(found.filter), layer: found.layer, tab: 'table' }, true)}
    >
      {text ?? say(view.lang, 'records')}
    </button>
  );
}

