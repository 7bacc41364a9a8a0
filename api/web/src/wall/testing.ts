// For the tests of components: a wall that asks nobody, and what it knows.

import type { StyleSpecification } from 'maplibre-gl';
import { expect, onTestFinished, vi } from 'vitest';
import { readCollections, readItem, type Change, type Item } from '../service/data';
import type { WallMap } from './map';
import { Wall } from './wall';

/** An event as a test needs it. */
export function eventOf(id: number, values: Record<string, unknown> = {}): Item {
  const item = readItem({ id, geometry: { type: 'Point', coordinates: [114.3, 30.56] }, properties: { title: `事件 ${id}`, level: 1, severity: 'low', stage: 'reported', community: '420106001005', category: 'noise', ...values } });
  if (!item) throw new Error('an event needs a number as its id');
  return item;
}

/** The areas of one community with one zone and one grid, as the service answers for them. */
export const AREAS: Readonly<Record<string, unknown>> = Object.fromEntries(
  [
    ['subdistricts', { code: '420106001', name: '积玉桥街道' }],
    ['communities', { code: '420106001005', name: '四清里社区', subdistrict: '420106001' }],
    ['zones', { code: '42010600100501', name: '四清里片区一', community: '420106001005' }],
    ['grids', { code: '420106001005001', name: '四清里001网格', community: '420106001005', zone: '42010600100501' }],
  ].map(([layer, properties]) => [`/collections/${String(layer)}/items`, { features: [{ type: 'Feature', id: 1, geometry: null, properties }] }]),
);

/** The layers that everyone may see. */
export const PUBLIC = ['subdistricts', 'communities', 'zones', 'grids'];

/** What the last wall asked for, in order. */
export const asked: string[] = [];

/** A wall whose service answers by path, and nothing to all else; it knows the layer of events. */
export function wallOf(more: Readonly<Record<string, unknown>> = {}, layers: readonly string[] = ['events', ...PUBLIC]): Wall {
  const answers: Readonly<Record<string, unknown>> = { ...AREAS, ...more };
  globalThis.fetch = (input) => {
    const path = String(input);
    asked.push(path);
    const found = Object.keys(answers).find((start) => path.startsWith(start));
    return Promise.resolve(new Response(JSON.stringify(found === undefined ? { detail: 'nothing is here' } : answers[found]), { status: found === undefined ? 404 : 200 }));
  };
  asked.length = 0;
  history.replaceState(null, '', '/ui/wall');
  const wall = new Wall();
  onTestFinished(() => wall.address.close()); // it would follow the address of the next one
  const codes = [{ value: 'noise', title: { zh: '噪声扰民', en: 'Noise' } }];
  const fields = [{ name: 'category', title: { zh: '类别', en: 'Kind' }, codes }, { name: 'stage', title: { zh: '阶段', en: 'Stage' }, codes: [{ value: 'reported', title: { zh: '上报', en: 'Reported' } }] }, { name: 'reported_at', title: { zh: '上报时间', en: 'Reported at' } }];
  wall.connection.collections.value = readCollections({ collections: layers.map((id) => ({ id, title: id, count: 1, fields: id === 'events' ? fields : [] })) }, 'zh');
  return wall;
}

/** Makes the style draw some layers, each with a legend of one line. */
export function styled(wall: Wall, ...names: readonly string[]): void {
  const layers = names.map((name) => ({ id: name, type: 'background', metadata: { 'shapan:layer': name, 'shapan:title': `${name}!`, 'shapan:legend': [{ label: `a sign of ${name}`, color: '#102030', shape: 'circle' }] } }));
  wall.connection.style.value = { version: 8, sources: {}, layers } as StyleSpecification;
}

/** Gives a wall a map that draws nothing; what is asked of it can be looked up. */
export function mapOf(wall: Wall) {
  const map = { aim: vi.fn(), card: vi.fn(), close: vi.fn(), flash: vi.fn(), fly: vi.fn(), place: vi.fn(), tilt: vi.fn(), turn: vi.fn(), live: { data: vi.fn(), overlay: vi.fn() } };
  wall.map.value = map as unknown as WallMap;
  return map;
}

/** Waits until something is as it should be: Preact draws what a signal changed a moment later. */
export const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 5 });

/** The texts of what a selector finds. */
export const texts = (host: Element, selector: string): (string | null)[] => [...host.querySelectorAll(selector)].map((e) => e.textContent);

/** Clicks what a selector finds first; fails where it finds nothing. */
export function click(host: Element, selector: string): void {
  const found = host.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`there is no ${selector} to click`);
  found.click();
}

const area = (w: number, e: number, code: string, name: string) => ({ type: 'Feature', id: 1, geometry: { type: 'Polygon', coordinates: [[[w, 30], [e, 30], [e, 31], [w, 31], [w, 30]]] }, properties: { code, name } });

/** A wall that knows a subdistrict with one community in the west of it and one in the east, between 114 and 116 degrees. */
export async function grounded(more: Readonly<Record<string, unknown>> = {}): Promise<Wall> {
  const wall = wallOf({
    '/collections/subdistricts/items': { features: [area(114, 116, '420106001', '积玉桥街道')] },
    '/collections/communities/items': { features: [area(114, 115, '420106001005', '四清里社区'), area(115, 116, '420106001009', '新河社区')] },
    ...more,
  });
  await until(() => expect(wall.facts.areas.value.root).toBeDefined());
  return wall;
}

/** Such a wall that has begun, on a clock that stands still and without a stream: `tell` brings it news. */
export async function begun(more: Readonly<Record<string, unknown>> = {}): Promise<{ wall: Wall; tell(...changes: readonly Partial<Change>[]): void }> {
  const wall = await grounded(more);
  vi.spyOn(wall.connection, 'start').mockImplementation(() => undefined);
  const follow = vi.spyOn(wall.connection, 'follow');
  const listen = vi.spyOn(window, 'addEventListener');
  vi.useFakeTimers();
  wall.start();
  vi.useRealTimers();
  const heard = [...listen.mock.calls];
  listen.mockRestore();
  onTestFinished(() => heard.forEach(([kind, listener]) => window.removeEventListener(kind, listener)));
  return { wall, tell: (...changes) => follow.mock.calls[0]?.[0](changes.map((c) => ({ layer: 'events', id: 1, op: 'insert', bounds: [], ...c }))) };
}
