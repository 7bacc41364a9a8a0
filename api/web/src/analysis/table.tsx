// The table: a page of records, sorted by a click on a column, with the map's record marked.

import { useEffect, useRef } from 'preact/hooks';
import type { Item } from '../service/data';
import type { TablePage } from './ask';
import { cellText, isQuantity } from './cell';
import { ColumnPicker } from './columns';
import { Pager, PAGE_SIZE } from './pager';
import { fieldOf, usualColumns, type Field } from './schema';
import type { Answer } from './use';
import type { View } from './view';
import { say } from './words';

/** The columns that are shown. */
export function shownFields({ layer, state }: Pick<View, 'layer' | 'state'>): readonly Field[] {
  return (state.columns ?? usualColumns(layer)).flatMap((name) => fieldOf(layer, name) ?? []);
}

/** The order after a click on a column: down for what grows with time or number, up for others, then the other way round, then none. */
export function nextSort(sort: string | undefined, field: Field): string | undefined {
  const downFirst = field.type === 'time' || field.type === 'date' || isQuantity(field);
  const [first, second] = downFirst ? [`-${field.name}`, field.name] : [field.name, `-${field.name}`];
  if (sort === first) return second;
  return sort === second ? undefined : first;
}

/** The table. */
export function Table({ view, page }: { view: View; page: Answer<TablePage> }) {
  const { lang, layer, state } = view;
  const fields = shownFields(view);
  const rows = page.value?.items ?? [];
  const start = ((state.page ?? 1) - 1) * PAGE_SIZE;
  return (
    <div class="tableview">
      <div class="tools">
        <Pager view={view} start={start} shown={rows.length} matched={page.value?.matched} next={page.value?.next} />
        <span class="rest" />
        <ColumnPicker view={view} />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label={say(lang, 'tableOf', { layer: layer.title[lang] })} aria-busy={page.asking}>
        <table class="records">
          <caption class="sr-only">{say(lang, 'tableOf', { layer: layer.title[lang] })}</caption>
          <thead>
            <tr>
              <th scope="col" class="quantity">
                ID
              </th>
              {fields.map((f) => (
                <SortHead key={f.name} view={view} field={f} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((item) => (
              <Row key={item.id} view={view} item={item} fields={fields} />
            ))}
          </tbody>
        </table>
        {page.value && rows.length === 0 && <p class="empty">{say(lang, 'noRows')}</p>}
      </div>
    </div>
  );
}

function SortHead({ view, field }: { view: View; field: Field }) {
  const { lang, state } = view;
  const order = state.sort === field.name ? 'ascending' : state.sort === `-${field.name}` ? 'descending' : 'none';
  return (
    <th scope="col" aria-sort={order} {...(isQuantity(field) ? { class: 'quantity' } : {})}>
      <button
        type="button"
        data-sort={field.name}
        title={say(lang, 'sortBy', { field: field.title[lang] })}
        onClick={() => view.change({ sort: nextSort(state.sort, field), after: undefined, page: undefined })}
      >
        {field.title[lang]}
        {field.unit && <small> {field.unit}</small>}
        <span aria-hidden="true">{order === 'ascending' ? ' ▲' : order === 'descending' ? ' ▼' : ''}</span>
      </button>
    </th>
  );
}

function Row({ view, item, fields }: { view: View; item: Item; fields: readonly Field[] }) {
  const { lang, state, areas } = view;
  const row = useRef<HTMLTableRowElement>(null);
  const here = state.id === item.id;
  useEffect(() => {
    if (here) row.current?.scrollIntoView({ block: 'nearest' });
  }, [here]);
  return (
    <tr ref={row} data-id={item.id} {...(here ? { 'aria-selected': true, class: 'here' } : {})} onClick={() => view.change({ id: here ? undefined : item.id })}>
      <td class="quantity">
        <button type="button" class="link" aria-pressed={here} aria-label={`${say(lang, 'showOnMap')}: ${item.id}`}>
          {item.id}
        </button>
      </td>
      {fields.map((f) => (
        <td key={f.name} {...(isQuantity(f) ? { class: 'quantity' } : {})}>
          {cellText(item.values[f.name], f, areas.name, lang)}
        </td>
      ))}
    </tr>
  );
}
