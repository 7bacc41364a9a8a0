// The buttons over the map: how it shows the layer, by what measure, and how an area is chosen on it.

import { modeOf, modesOf, PER_WORDS } from './shading';
import { AREA_FIELDS } from './schema';
import { MEASURES, type Per } from './state';
import type { View } from './view';
import { say } from './words';

/** What a click on the map does. */
export type Hand = 'look' | 'draw' | 'pick';

/** The buttons. */
export function MapTools({ view, hand, take }: { view: View; hand: Hand; take(hand: Hand): void }) {
  const { lang, state, layer } = view;
  const mode = modeOf(view);
  const areal = mode === 'areas' || hand === 'pick';
  const figure = mode === 'areas' && state.kpi !== undefined && layer.id === 'events';
  return (
    <div class="maptools">
      <div class="segments" role="group" aria-label={say(lang, 'mapMode')}>
        {modesOf(view).map((m) => (
          <button key={m} type="button" data-mode={m} aria-pressed={mode === m} onClick={() => view.change({ map: m === 'points' ? undefined : m })}>
            {say(lang, m === 'points' && layer.geometry !== 'point' ? 'shapes' : m)}
          </button>
        ))}
      </div>
      {mode !== 'points' && (
        <select class="field" data-per aria-label={say(lang, 'measure')} value={figure ? 'kpi' : (state.per ?? 'count')} onChange={(e) => view.change({ per: readPer(e.currentTarget.value), kpi: undefined })}>
          {figure && <option value="kpi">{say(lang, 'whatKpi')}</option>}
          {MEASURES.map((m) => (
            <option key={m} value={m}>
              {say(lang, PER_WORDS[m])}
            </option>
          ))}
        </select>
      )}
      {areal && (
        <div class="segments" role="group" aria-label={say(lang, 'area')}>
          {AREA_FIELDS.map((kind) => (
            <button key={kind} type="button" data-kind={kind} aria-pressed={(state.area ?? 'community') === kind} onClick={() => view.change({ area: kind })}>
              {say(lang, kind)}
            </button>
          ))}
        </div>
      )}
      <div class="segments" role="group" aria-label={say(lang, 'area')}>
        <button type="button" data-hand="pick" aria-pressed={hand === 'pick'} onClick={() => take(hand === 'pick' ? 'look' : 'pick')}>
          {say(lang, 'pick')}
        </button>
        <button type="button" data-hand="draw" aria-pressed={hand === 'draw'} onClick={() => take(hand === 'draw' ? 'look' : 'draw')}>
          {say(lang, 'draw')}
        </button>
      </div>
    </div>
  );
}

const readPer = (text: string): Per | undefined => MEASURES.find((m) => m === text && m !== 'count');
