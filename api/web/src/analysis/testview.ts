// For the tests of components: a view of a small layer over a service that answers from a table, and what was chosen in it.

import { act } from 'preact/test-utils';
import { render, type ComponentChild } from 'preact';
import { Client, TokenStore } from '../service/client';
import { Areas } from './areas';
import type { Filter } from './filter';
import { readLayers } from './schema';
import { refiltered, type State } from './state';
import type { View } from './view';

const code = (value: string, zh: string) => ({ value, title: { zh, en: value } });

/** The card of the layer. */
export const CARD = {
  id: 'events', titles: { zh: '事件', en: 'Events' }, geometry: 'point', time_field: 'reported_at', seq: 12, maxzoom: 18,
  fields: [
    { name: 'code', type: 'string', title: { zh: '编码', en: 'Code' }, in_tiles: true },
    { name: 'domain', type: 'enum', title: { zh: '领域', en: 'Domain' }, in_tiles: true, codes: [code('urban', '城市管理'), code('party', '党建')] },
    { name: 'level', type: 'int', title: { zh: '级别', en: 'Level' }, in_tiles: true },
    { name: 'reported_at', type: 'time', title: { zh: '上报时间', en: 'Reported' }, in_tiles: true },
    { name: 'accuracy_m', type: 'float', unit: 'm', title: { zh: '精度', en: 'Accuracy' } },
    { name: 'community', type: 'string', title: { zh: '社区', en: 'Community' } },
  ],
};

const area = (code_: string, name: string, kind: 'community' | 'zone' | 'grid', parent: string) => ({ code: code_, name, kind, parent, households: 100, hectares: 3 });

/** Two communities, a zone and a grid. */
export const AREAS = new Areas([
  area('420106001001', '尚隆苑', 'community', '420106001'),
  area('420106001002', '中山', 'community', '420106001'),
  area('42010600100201', '中山片区一', 'zone', '420106001002'),
  area('420106001002001', '中山001网格', 'grid', '42010600100201'),
]);

/** A view that remembers what was changed in it: `state` is always the newest. An answer may be an Error, a Response, or come later. */
export function testView(state: Partial<State> = {}, answer: (path: string) => unknown = () => ({})): View & { readonly asked: string[] } {
  const [layer] = readLayers({ collections: [CARD] });
  if (!layer) throw new Error('the card has no layer');
  const asked: string[] = [];
  const client = Object.assign(new Client(new TokenStore(undefined, undefined), () => undefined), {
    get: async (path: string) => {
      asked.push(path);
      const body = await answer(path);
      if (body instanceof Error) throw body;
      return body instanceof Response ? body : new Response(JSON.stringify(body), { headers: { 'Shapan-Seq': '12' } });
    },
  });
  const view = {
    lang: state.lang ?? ('zh' as const), theme: 'dark' as const, client, layers: [layer], layer, areas: AREAS, extent: { first: '2016-01-01', last: '2017-12-31' }, tick: 0, asked,
    state: { filter: { terms: [] }, ...state } as State,
    change(parts: Partial<State>) {
      view.state = { ...view.state, ...parts };
    },
    refilter(filter: Filter) {
      view.change(refiltered(filter));
    },
  };
  return view;
}

/** Draws a component into the page, and waits until its questions are answered. */
export async function shown(component: ComponentChild): Promise<HTMLElement> {
  const host = document.createElement('div');
  document.body.replaceChildren(host);
  await act(() => render(component, host));
  await answered();
  return host;
}

/** Draws a component as the page does: it is drawn anew with whatever it changes in the view. */
export async function living(view: ReturnType<typeof testView>, component: (view: View) => ComponentChild): Promise<HTMLElement> {
  const host = document.createElement('div');
  document.body.replaceChildren(host);
  const draw = (): void => void act(() => render(component({ ...view }), host));
  const { change } = view;
  view.change = (parts) => {
    change(parts);
    draw();
  };
  draw();
  await answered();
  return host;
}

/** Clicks the first element that a selector finds. */
export async function click(host: HTMLElement, selector: string): Promise<void> {
  const found = host.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`${selector} is not in ${host.innerHTML}`);
  await act(() => found.click());
  await answered();
}

/** Lets the answers of the service come, which are there already, and be drawn. */
export const answered = (): Promise<void> => act(() => new Promise<void>((resolve) => setTimeout(resolve, 20)));

/** The texts of the elements that a selector finds. */
export const texts = (host: HTMLElement, selector: string): string[] => [...host.querySelectorAll(selector)].map((e) => (e.textContent ?? '').trim());
