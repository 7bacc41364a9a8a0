// The area that features belong to, from the community down to the grid.

import { AREA_FIELDS } from './schema';
import type { View } from './view';
import { say } from './words';

/** The picker of the area. */
export function AreaPanel({ view }: { view: View }) {
  const { lang, state, areas } = view;
  const path = areas.path(state.filter.scope ?? '');
  const set = (scope: string): void => view.refilter({ ...state.filter, scope: scope === '' ? undefined : scope });
  return (
    <fieldset class="group">
      <legend>{say(lang, 'area')}</legend>
      {AREA_FIELDS.map((kind, i) => {
        const around = i === 0 ? '' : (path.find((a) => a.kind === AREA_FIELDS[i - 1])?.code ?? undefined);
        if (around === undefined) return null;
        const here = path.find((a) => a.kind === kind)?.code ?? '';
        return (
          <select key={kind} class="field wide" data-area={kind} aria-label={say(lang, kind)} value={here} onChange={(e) => set(e.currentTarget.value || around)}>
            <option value="">{i === 0 ? say(lang, 'whole') : `${say(lang, kind)}…`}</option>
            {areas.of(kind, around).map((a) => (
              <option key={a.code} value={a.code}>
                {a.name}
              </option>
            ))}
          </select>
        );
      })}
    </fieldset>
  );
}
