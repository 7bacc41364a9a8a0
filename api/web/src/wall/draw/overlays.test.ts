// @vitest-environment happy-dom
import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { describe, expect, it, vi } from 'vitest';
import type { Overlay } from '../../map/live';
import type { WallMap } from '../map';
import { wallOf } from '../testing';
import type { Wall } from '../wall';
import { paintAreas } from './areas';
import { drawIncident } from './incident';
import { dimOutside } from './outside';
import { moveResponders } from './responders';

const square = { type: 'Polygon', coordinates: [[[114.3, 30.56], [114.31, 30.56], [114.31, 30.57], [114.3, 30.56]]] };
const area = (code: string) => ({ type: 'Feature', id: 1, geometry: square, properties: { code, name: code } });
const answers = {
  '/collections/communities/items': { features: [area('420106001005')] },
  '/collections/events/items/7': { type: 'Feature', id: 7, geometry: { type: 'Point', coordinates: [114.3, 30.56] }, properties: {} },
  '/analytics/kpi': { period: { start: '2017-12-02', end: '2017-12-31' }, areas: [{ code: '420106001005', name: '四清里', kpis: [{ id: 'per_1000_households', value: 4 }, { id: 'reported', value: 35 }] }] },
  '/heat/events/cells.geojson': { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: square, properties: { count: 3 } }] },
  '/dispatch': { lists: [{ role: 'r', candidates: [{ id: 1, rank: 1, post: '网格长 013-007', route: [[114.3, 30.56], [114.301, 30.561]] }] }] },
  '/isochrone': { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: square, properties: { minutes: 5 } }] },
};

/** What was drawn last under each name, as a map would have it. */
function draw(begin: (wall: Wall, map: WallMap) => () => void, change: (wall: Wall) => void): Map<string, Overlay> {
  const drawn = new Map<string, Overlay>();
  const live = {
    overlay: (name: string, overlay: Overlay | undefined) => (overlay ? drawn.set(name, overlay) : drawn.delete(name)),
    data: () => undefined,
  };
  const wall = wallOf(answers);
  begin(wall, { live } as unknown as WallMap);
  change(wall);
  return drawn;
}

const faults = ({ sources, layers }: Overlay): string[] => validateStyleMin({ version: 8, glyphs: '/{fontstack}/{range}', sources: { ...sources }, layers: [...layers] }, latest).map((e) => e.message);

describe('what the wall draws over the style', () => {
  const cases: [string, (wall: Wall, map: WallMap) => () => void, (wall: Wall) => void][] = [
    ['scope', dimOutside, (wall) => wall.visit('420106001005')],
    ['parts', paintAreas, (wall) => wall.address.change({ mode: 'rate' })],
    ['parts', paintAreas, (wall) => wall.address.change({ mode: 'towers' })],
    ['hexagons', paintAreas, (wall) => wall.address.change({ mode: 'hexagons' })],
    ['incident', drawIncident, (wall) => wall.enter(7)],
    ['on-duty', moveResponders, (wall) => (wall.facts.duty.responders.value = new Map([[1, { id: 1, at: [114.3, 30.56], title: '', zone: '', busy: false, fixed: undefined }]]))],
  ];
  it.each(cases)('%s follows the specification', async (name, begin, change) => {
    const drawn = draw(begin, change);
    await vi.waitFor(() => expect(drawn.get(name)).toBeDefined());
    expect(faults(drawn.get(name) ?? { sources: {}, layers: [] })).toEqual([]);
  });
});
