// The choice of the period that a period is compared with.

import { baselineOf, isDay, readWindow, windowWords, writeWindow } from './period';
import type { View } from './view';
import { say } from './words';

/** The picker: nothing (unless something is `usual`), the period before, the same days a year before, or days to enter. */
export function Versus({ view, usual }: { view: View; usual?: 'year' | 'previous' }) {
  const { lang, state } = view;
  const window = readWindow(state.filter.datetime);
  const versus = state.versus ?? usual;
  const baseline = baselineOf(versus, window);
  const kind = versus === undefined || versus === 'previous' || versus === 'year' ? (versus ?? '') : 'custom';
  const set = (next: string): void => {
    const chosen = next === 'custom' ? baseline && writeWindow(baseline) : next || undefined;
    view.change({ versus: chosen, ...(chosen === undefined ? { diff: undefined } : {}) }, true);
  };
  const end = (name: 'from' | 'to', day: string): void => {
    if (!isDay(day) || !baseline) return;
    const both = { ...baseline, [name]: day };
    view.change({ versus: writeWindow(both.from <= both.to ? both : { from: day, to: day }) }, true);
  };
  return (
    <div class="versus">
      <label>
        {say(lang, 'comparedWith')}{' '}
        <select class="field" data-versus value={kind} onChange={(e) => set(e.currentTarget.value)}>
          {usual === undefined && <option value="">{say(lang, 'noCompare')}</option>}
          <option value="previous">{say(lang, 'previousPeriod')}</option>
          <option value="year">{say(lang, 'yearBefore')}</option>
          {window && <option value="custom">{say(lang, 'custom')}</option>}
        </select>
      </label>
      {kind === 'custom' && baseline && (
        <>
          <input class="field" type="date" aria-label={say(lang, 'from')} value={baseline.from} onChange={(e) => end('from', e.currentTarget.value)} />
          <input class="field" type="date" aria-label={say(lang, 'to')} value={baseline.to} onChange={(e) => end('to', e.currentTarget.value)} />
        </>
      )}
      {kind !== '' && kind !== 'custom' && baseline && <span class="quiet">{windowWords(writeWindow(baseline))}</span>}
    </div>
  );
}
