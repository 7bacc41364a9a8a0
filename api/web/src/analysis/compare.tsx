// Two periods side by side: how many, by how much more or less, and where.

import { count } from '../words/format';
import { askGroups } from './ask';
import { chartTitle } from './chartcard';
import { groupable } from './charts';
import { queryOf } from './filter';
import { baselineOf, changeWords, readWindow, windowWords, writeWindow } from './period';
import { entriesOf, pairs, type Pair } from './series';
import { useAnswer } from './use';
import { Versus } from './versus';
import { keyOf, type View } from './view';
import { say } from './words';

/** The comparison. */
export function Compare({ view }: { view: View }) {
  const { lang, layer, state } = view;
  const window = readWindow(state.filter.datetime);
  const fields = groupable(layer).filter((by) => by !== 'time');
  const by = state.by && fields.includes(state.by) ? state.by : (fields.find((f) => f === 'community') ?? fields[0] ?? '');
  const baseline = baselineOf(state.versus, window);
  return (
    <div class="compare">
      <div class="tools">
        <Versus view={view} />
        <label>
          {say(lang, 'compareBy')}{' '}
          <select class="field" data-by value={by} onChange={(e) => view.change({ by: e.currentTarget.value })}>
            {fields.map((f) => (
              <option key={f} value={f}>
                {chartTitle(view, f)}
              </option>
            ))}
          </select>
        </label>
        {baseline && layer.geometry === 'point' && (
          <button
            type="button"
            class="button"
            data-diff
            aria-pressed={state.diff === true}
            onClick={() => view.change({ diff: state.diff ? undefined : true, ...(state.diff || (state.map && state.map !== 'points') ? {} : { map: 'heat' }) })}
          >
            {say(lang, 'difference')}
          </button>
        )}
      </div>
      {baseline && window ? <Rows view={view} by={by} now={writeWindow(window)} before={writeWindow(baseline)} /> : <p class="empty">{say(lang, 'pickWindowFirst')}</p>}
    </div>
  );
}

function Rows({ view, by, now, before }: { view: View; by: string; now: string; before: string }) {
  const { lang, layer, areas, client, state } = view;
  const of = (datetime: string) => ({ ...state.filter, datetime });
  const ask = (datetime: string) =>
    useAnswer(keyOf(view, 'compare', by, queryOf(of(datetime)).toString()), (signal) => askGroups(client, layer.id, by, of(datetime), signal));
  const [a, b] = [ask(now), ask(before)];
  const fault = a.error ?? b.error;
  if (fault !== undefined) {
    return (
      <p class="fault" role="alert">
        {fault}
      </p>
    );
  }
  const naming = { layer, lang, areaName: areas.name };
  const rows = pairs(a.value ? entriesOf(a.value, by, naming) : [], b.value ? entriesOf(b.value, by, naming) : []);
  const most = Math.max(1, ...rows.map((r) => Math.max(r.now, r.before)));
  const total = { key: 'total', name: say(lang, 'total'), now: a.value?.matched ?? 0, before: b.value?.matched ?? 0 };
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={say(lang, 'compare')} aria-busy={a.asking || b.asking}>
      <table class="pairs">
        <thead>
          <tr>
            <th scope="col">{chartTitle(view, by)}</th>
            <th scope="col" class="quantity">
              {say(lang, 'thisPeriod')}
              <small>{windowWords(now)}</small>
            </th>
            <th scope="col" class="quantity">
              {say(lang, 'basePeriod')}
              <small>{windowWords(before)}</small>
            </th>
            <th scope="col" class="quantity">
              {say(lang, 'change')}
            </th>
            <th scope="col" aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {[total, ...rows].map((r, i) => (
            <PairRow key={r.key ?? ''} pair={r} most={i === 0 ? 0 : most} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PairRow({ pair, most }: { pair: Pair; most: number }) {
  return (
    <tr data-pair={pair.key ?? ''} {...(most === 0 ? { class: 'total' } : {})}>
      <th scope="row">{pair.name}</th>
      <td class="quantity">{count(pair.now)}</td>
      <td class="quantity">{count(pair.before)}</td>
      <td class="quantity">{changeWords(pair.now, pair.before)}</td>
      <td class="twobars" aria-hidden="true">
        {most > 0 && (
          <>
            <span class="now" style={{ width: `${(pair.now / most) * 100}%` }} />
            <span class="before" style={{ width: `${(pair.before / most) * 100}%` }} />
          </>
        )}
      </td>
    </tr>
  );
}
