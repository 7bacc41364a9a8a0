// The time window: presets of the calendar, counted from the newest day of the data, and two days to enter.

import { isDay, preset, PRESETS, readWindow, writeWindow } from './period';
import type { View } from './view';
import { say } from './words';

/** The window of the filter. A layer without time has none. */
export function TimePanel({ view }: { view: View }) {
  const { lang, state, layer, extent } = view;
  if (layer.timeField === '') return null;
  const window = readWindow(state.filter.datetime);
  const set = (datetime: string | undefined): void => view.refilter({ ...state.filter, datetime });
  const end = (name: 'from' | 'to', day: string): void => {
    if (!isDay(day)) return;
    const both = { from: window?.from ?? extent?.first ?? day, to: window?.to ?? extent?.last ?? day, [name]: day };
    set(writeWindow(both.from <= both.to ? both : { from: day, to: day }));
  };
  return (
    <fieldset class="group">
      <legend>{say(lang, 'time')}</legend>
      <div class="presets">
        <button type="button" class="preset" aria-pressed={state.filter.datetime === undefined} onClick={() => set(undefined)}>
          {say(lang, 'allTime')}
        </button>
        {extent &&
          PRESETS.map((name) => {
            const w = writeWindow(preset(name, extent.last));
            return (
              <button key={name} type="button" class="preset" data-preset={name} title={w.replace('/', ' — ')} aria-pressed={state.filter.datetime === w} onClick={() => set(w)}>
                {say(lang, name)}
              </button>
            );
          })}
      </div>
      <div class="days">
        <input class="field" type="date" aria-label={say(lang, 'from')} value={window?.from ?? ''} onChange={(e) => end('from', e.currentTarget.value)} />
        <input class="field" type="date" aria-label={say(lang, 'to')} value={window?.to ?? ''} onChange={(e) => end('to', e.currentTarget.value)} />
      </div>
      {extent && <p class="note">{say(lang, 'asOf', { day: extent.last })}</p>}
    </fieldset>
  );
}
