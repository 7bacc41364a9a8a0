// What is behind a number: its formula, and the records that it counts.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { readPage, type Page } from '../service/data';
import { count } from '../words/format';
import { Change } from './panels/kpis';
import { EventRow } from './panels/events';
import { kpiText, type Kpi } from './kpis';
import type { Wall } from './wall';
import { tell } from './words';

const ROWS = 40;
const ITEMS = '/collections/events/items?';

/** The drawer; nothing while no number was opened. */
export function Drawer({ wall }: { wall: Wall }) {
  const asked = useComputed(() => {
    const { kpi, records } = wall.address.state.value;
    if (records !== undefined) return { path: ITEMS + records };
    const found = wall.facts.kpis.value.value?.kpis.find((k) => k.id === kpi);
    return found && { path: found.records, kpi: found };
  });
  const close = (): void => wall.address.change({ kpi: undefined, records: undefined });
  const opened = asked.value !== undefined;
  useLayoutEffect(() => (opened ? wall.keys.add({ Escape: close, Backspace: close }) : undefined), [opened]);
  if (!asked.value) return null;
  return <Opened key={asked.value.path} wall={wall} path={asked.value.path} kpi={asked.value.kpi} close={close} />;
}

function Opened({ wall, path, kpi, close }: { wall: Wall; path: string; kpi?: Kpi | undefined; close(): void }) {
  const lang = wall.lang.value;
  const page = useSignal<Page | undefined>(undefined);
  const fault = useSignal('');
  useSignalEffect(() => {
    void wall.facts.figures.at.value; // asked anew when the numbers were
    if (path === '') return;
    wall.connection.client.json(`${path}&limit=${ROWS}&sortby=-reported_at`).then(
      (body) => {
        page.value = readPage(body);
        fault.value = '';
      },
      (error: unknown) => (fault.value = error instanceof Error ? error.message : String(error)),
    );
  });
  return (
    <aside class="drawer panel" aria-label={kpi?.title[lang] ?? tell(lang, 'events')}>
      <div class="panel-head">
        <h2>{kpi?.title[lang] ?? tell(lang, 'events')}</h2>
        <button class="quiet" type="button" onClick={() => close()}>
          {tell(lang, 'close')} ✕
        </button>
      </div>
      {kpi && <Explained wall={wall} kpi={kpi} />}
      {fault.value !== '' && <p class="note">{fault.value}</p>}
      {page.value && (
        <>
          <div class="drawer-records">
            <span>{tell(lang, 'recordsOf', { n: count(page.value.matched), few: page.value.items.length })}</span>
            <button class="quiet" type="button" onClick={() => void save(wall, path)}>
              {tell(lang, 'exportLink')}
            </button>
          </div>
          <ol class="events scrolls" tabIndex={0}>
            {page.value.items.map((item) => (
              <EventRow key={item.id} wall={wall} item={item} />
            ))}
          </ol>
        </>
      )}
    </aside>
  );
}

function Explained({ wall, kpi }: { wall: Wall; kpi: Kpi }) {
  const lang = wall.lang.value;
  const [value, unit] = kpiText(kpi.value, kpi.unit, lang);
  return (
    <div class="explained">
      <strong>
        {value}
        <small>{unit}</small>
      </strong>
      <span class="explained-share">{tell(lang, 'share', { n: count(kpi.numerator), of: count(kpi.denominator) })}</span>
      <span>
        {tell(lang, 'baselineValue', { value: kpiText(kpi.baseline, kpi.unit, lang).join(' ') })} <Change wall={wall} kpi={kpi} />
      </span>
      <p>
        <b>{tell(lang, 'formula')}</b> {kpi.formula[lang]}
      </p>
      {kpi.reason[lang] !== '' && <p>{kpi.reason[lang]}</p>}
    </div>
  );
}

/** Saves all the records of a list as a file: the token goes in a header, so that it is no plain link. */
async function save(wall: Wall, path: string): Promise<void> {
  const response = await wall.connection.client.get(path.replace(ITEMS, '/export/events.geojson?'));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = 'events.geojson';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
