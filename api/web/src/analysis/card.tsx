// The record that is looked at, over the map.

import type { Item } from '../service/data';
import { cellText } from './cell';
import type { Answer } from './use';
import type { View } from './view';
import { say } from './words';

/** The card of a record: every field that it has. */
export function Card({ view, found }: { view: View; found: Answer<{ item: Item } | undefined> }) {
  const { lang, layer, state, areas } = view;
  if (state.id === undefined) return null;
  const values = found.value?.item.id === state.id ? found.value.item.values : undefined; // not those of the record before
  return (
    <section class="card panel" aria-label={say(lang, 'selected')} data-card={values && state.id}>
      <header>
        <h2>
          {layer.title[lang]} {state.id}
        </h2>
        <button type="button" class="button" aria-label={say(lang, 'closeCard')} onClick={() => view.change({ id: undefined })}>
          ×
        </button>
      </header>
      {found.error !== undefined && <p role="alert">{found.error}</p>}
      {!found.asking && found.error === undefined && !values && <p role="alert">{say(lang, 'notFound')}</p>}
      {values && (
        <dl>
          {layer.fields.map((f) => {
            const text = cellText(values[f.name], f, areas.name, lang);
            return text === '' ? null : (
              <div key={f.name}>
                <dt>{f.title[lang]}</dt>
                <dd>
                  {text}
                  {f.unit && ` ${f.unit}`}
                </dd>
              </div>
            );
          })}
        </dl>
      )}
    </section>
  );
}
