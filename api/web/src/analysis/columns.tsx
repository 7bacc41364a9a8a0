// The choice of columns.

import { usualColumns } from './schema';
import type { View } from './view';
import { say } from './words';

/** The picker of columns: it opens under its button and is closed by it. */
export function ColumnPicker({ view }: { view: View }) {
  const { lang, layer, state } = view;
  const shown = state.columns ?? usualColumns(layer);
  const toggle = (name: string): void => {
    const columns = shown.includes(name) ? shown.filter((n) => n !== name) : layer.fields.map((f) => f.name).filter((n) => n === name || shown.includes(n));
    view.change({ columns });
  };
  return (
    <details class="popover">
      <summary class="button">{say(lang, 'columns')}</summary>
      <div class="panel">
        {layer.fields.map((f) => (
          <label key={f.name}>
            <input type="checkbox" checked={shown.includes(f.name)} onChange={() => toggle(f.name)} />
            {f.title[lang]}
          </label>
        ))}
      </div>
    </details>
  );
}
