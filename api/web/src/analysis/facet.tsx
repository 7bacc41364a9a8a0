// A facet: the values of a field with their counts under the rest of the filter; a click chooses one.

import { useState } from 'preact/hooks';
import { count } from '../words/format';
import { askGroups, type Groups } from './ask';
import { chosen, queryOf, toggle } from './filter';
import { facetFields, type Field } from './schema';
import { useAnswer } from './use';
import { keyOf, type View } from './view';
import { say } from './words';

const SHOWN = 8;

/** A value that can be chosen; null is nothing. */
export interface FacetValue {
  readonly value: string | null;
  readonly title: string;
  readonly count: number | undefined;
}

/** The values of a facet: those of the codes in their order, or those that occur. Without counts there are only codes. */
export function facetValues(field: Field, groups: Groups | undefined, view: Pick<View, 'lang' | 'areas'>): FacetValue[] {
  const { lang } = view;
  const counts = new Map((groups?.groups ?? []).map((g) => [g.key[0] ?? null, g.count]));
  const known = field.type === 'bool' ? ['true', 'false'] : [...field.codes.keys()];
  const values: (string | null)[] = known.length > 0 ? [...known, ...(counts.has(null) ? [null] : [])] : [...counts.keys()].sort(byValue);
  return values.map((value) => ({
    value,
    title: value === null ? say(lang, 'none') : field.type === 'bool' ? say(lang, value === 'true' ? 'yes' : 'no') : (field.codes.get(value)?.[lang] ?? value),
    count: groups ? (counts.get(value) ?? 0) : undefined,
  }));
}

function byValue(a: string | null, b: string | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return Number(a) - Number(b) || a.localeCompare(b);
}

/** A facet, asked for only while it is open. */
export function Facet({ view, field, open }: { view: View; field: Field; open: boolean }) {
  const { lang, state, layer, client } = view;
  const [all, setAll] = useState(false);
  const query = queryOf(state.filter, field.name).toString();
  const answer = useAnswer(open ? keyOf(view, 'facet', field.name, query) : undefined, (signal) => askGroups(client, layer.id, field.name, state.filter, signal, true));
  const values = facetValues(field, answer.value, view);
  const most = Math.max(1, ...values.map((v) => v.count ?? 0));
  const sorted = values.length > SHOWN ? [...values].sort((a, b) => (b.count ?? 0) - (a.count ?? 0)) : values;
  const shown = all ? sorted : sorted.filter((v, i) => i < SHOWN || chosen(state.filter, field.name, v.value));
  return (
    <details class="facet" open={open} data-facet={field.name}>
      <summary
        onClick={(e) => {
          e.preventDefault();
          const names = openFacets(view);
          view.change({ facets: open ? names.filter((n) => n !== field.name) : [...names, field.name] });
        }}
      >
        {field.title[lang]}
      </summary>
      {answer.error !== undefined && <p class="fault">{answer.error}</p>}
      {open && (
        <ul>
          {shown.map((v) => (
            <li key={v.value ?? ''}>
              <button
                type="button"
                class="choice"
                data-value={v.value ?? ''}
                aria-pressed={chosen(state.filter, field.name, v.value)}
                onClick={() => view.refilter(toggle(state.filter, field.name, v.value))}
              >
                <span class="bar" style={{ width: `${((v.count ?? 0) / most) * 100}%` }} />
                <span class="name">{v.title}</span>
                {v.count !== undefined && <span class="number">{count(v.count)}</span>}
              </button>
            </li>
          ))}
          {sorted.length > shown.length || all ? (
            <li>
              <button type="button" class="link" onClick={() => setAll(!all)}>
                {all ? say(lang, 'fewer') : say(lang, 'more', { n: sorted.length - shown.length })}
              </button>
            </li>
          ) : null}
        </ul>
      )}
    </details>
  );
}

/** The facets that are open: those that the address says, else the first two with few values. */
export function openFacets(view: Pick<View, 'state' | 'layer'>): readonly string[] {
  return view.state.facets ?? facetFields(view.layer).filter((f) => f.type !== 'bool' && f.codes.size <= 12).slice(0, 2).map((f) => f.name);
}
