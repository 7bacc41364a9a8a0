// For the tests of components: a wall that asks nobody, and what it knows.

import { readCollections, readItem, type Item } from '../service/data';
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

/** A wall whose service answers by path, and nothing to all else; it knows the layer of events. */
export function wallOf(more: Readonly<Record<string, unknown>> = {}): Wall {
  const answers: Readonly<Record<string, unknown>> = { ...AREAS, ...more };
  globalThis.fetch = (input) => {
    const path = String(input);
    const found = Object.keys(answers).find((start) => path.startsWith(start));
    return Promise.resolve(new Response(JSON.stringify(found === undefined ? { detail: 'nothing is here' } : answers[found]), { status: found === undefined ? 404 : 200 }));
  };
  history.replaceState(null, '', '/ui/wall');
  const wall = new Wall();
  const codes = [{ value: 'noise', title: { zh: '噪声扰民', en: 'Noise' } }];
  const fields = [{ name: 'category', title: { zh: '类别', en: 'Kind' }, codes }, { name: 'stage', title: { zh: '阶段', en: 'Stage' }, codes: [{ value: 'reported', title: { zh: '上报', en: 'Reported' } }] }];
  wall.connection.collections.value = readCollections({ collections: ['events', 'subdistricts', 'communities', 'zones', 'grids'].map((id) => ({ id, title: id, count: 1, fields: id === 'events' ? fields : [] })) }, 'zh');
  return wall;
}
