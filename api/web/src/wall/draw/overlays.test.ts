// @vitest-environment happy-dom
// What the wall draws over the style: that a map can draw it, what it says, and when it is there.
import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import type { FeatureCollection } from 'geojson';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Overlay } from '../../map/live';
import type { WallMap } from '../map';
import { asked, PUBLIC, styled, until, wallOf } from '../testing';
import type { Wall } from '../wall';
import type { Responder } from '../duty';
import { paintAreas, paintedRates } from './areas';
import { RATE_COLORS } from './classes';
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

type Begin = (wall: Wall, map: WallMap) => () => void;

/** What was drawn last under each name and with which data, as a map would have it; `end` takes the map away. */
function begin(what: Begin, wall: Wall) {
  const [drawn, data] = [new Map<string, Overlay>(), new Map<string, FeatureCollection>()];
  const live = {
    overlay: (name: string, overlay: Overlay | undefined) => (overlay ? drawn.set(name, overlay) : drawn.delete(name)),
    data: (name: string, features: FeatureCollection) => data.set(name, features),
  };
  const end = what(wall, { live } as unknown as WallMap);
  onTestFinished(end);
  const properties = (name: string) => data.get(name)?.features.map((f) => f.properties);
  return { drawn, data, end, properties };
}

const faults = ({ sources, layers }: Overlay): string[] => validateStyleMin({ version: 8, glyphs: '/{fontstack}/{range}', sources: { ...sources }, layers: [...layers] }, latest).map((e) => e.message);

describe('what the wall draws over the style', () => {
  const cases: [string, Begin, (wall: Wall) => void][] = [
    ['scope', dimOutside, (wall) => wall.visit('420106001005')],
    ['parts', paintAreas, (wall) => wall.address.change({ mode: 'rate' })],
    ['parts', paintAreas, (wall) => wall.address.change({ mode: 'towers' })],
    ['hexagons', paintAreas, (wall) => wall.address.change({ mode: 'hexagons' })],
    ['incident', drawIncident, (wall) => wall.enter(7)],
    ['on-duty', moveResponders, (wall) => (wall.facts.duty.responders.value = new Map([[1, { id: 1, at: [114.3, 30.56], title: '', zone: '', busy: false, fixed: undefined }]]))],
  ];
  it.each(cases)('%s follows the specification', async (name, what, change) => {
    const wall = wallOf(answers);
    const { drawn } = begin(what, wall);
    change(wall);
    await until(() => expect(drawn.get(name)).toBeDefined());
    expect(faults(drawn.get(name) ?? { sources: {}, layers: [] })).toEqual([]);
  });
});

describe('what lies outside the scope', () => {
  it('steps back until the scope is left', async () => {
    const wall = wallOf(answers);
    const { drawn } = begin(dimOutside, wall);
    wall.visit('420106001005');
    await until(() => expect([...drawn.keys()]).toEqual(['scope']));
    wall.visit(undefined);
    expect([...drawn.keys()]).toEqual([]);
  });
});

describe('the parts of the scope', () => {
  const part = (code: string, rate: number | null, reported: number, small = false) => ({ code, name: code, kpis: [{ id: 'per_1000_households', value: rate, small }, { id: 'reported', value: reported }] });
  const codes = ['420106001005', '420106001006', '420106001007', '420106001008'];
  const parts = {
    ...answers,
    '/collections/communities/items': { features: codes.map(area) },
    '/analytics/kpi': { period: { start: '2017-12-02T00:00:00+08:00', end: '2017-12-31T00:00:00+08:00' }, areas: [part('420106001005', 1, 30), part('420106001006', 10, 60), part('420106001007', 500, 2, true), part('420106001008', null, 0)] },
  };

  it('are coloured by rate, in classes that small numbers do not stretch; these are marked', async () => {
    const wall = wallOf(parts);
    wall.address.change({ mode: 'rate' });
    const { properties, drawn } = begin(paintAreas, wall);
    await until(() => expect(properties('parts')).toHaveLength(4));
    expect(paintedRates.value).toEqual([2, 4, 6, 8]);
    expect(properties('parts')?.map((p) => [p?.['text'], p?.['color'], p?.['small']])).toEqual([['10.0', RATE_COLORS[4], false], ['1.0', RATE_COLORS[0], false], ['—', '#5a6b7d', false], ['500.0', RATE_COLORS[4], true]]);
    expect(drawn.get('parts')?.layers.find((layer) => layer.id === 'parts-small')).toMatchObject({ type: 'line', filter: ['get', 'small'], paint: { 'line-dasharray': [1, 2] } });
  });

  it('are towers as high as there are reports, and the legend of rates is gone', async () => {
    const wall = wallOf(parts);
    wall.address.change({ mode: 'towers' });
    const { properties } = begin(paintAreas, wall);
    await until(() => expect(properties('parts')?.map((p) => Number(p?.['height']) / 8)).toEqual([60, 30, 0, 2]));
    expect(paintedRates.value).toBeUndefined();
  });

  const ends: [string, (wall: Wall, end: () => void) => void][] = [
    ['the map is plain', (wall) => wall.address.change({ mode: undefined })],
    ['the past is played, of which they do not speak', (wall) => wall.drives.playback.seek(0)],
    ['the map is gone', (_, end) => end()],
  ];
  it.each(ends)('have no classes to explain when %s', async (_, change) => {
    const wall = wallOf(parts);
    wall.address.change({ mode: 'rate' });
    const { end } = begin(paintAreas, wall);
    await until(() => expect(paintedRates.value).toHaveLength(4));
    change(wall, end);
    expect(paintedRates.value).toBeUndefined();
  });

  it.each([['rate', 'parts'], ['towers', 'parts'], ['hexagons', 'hexagons']] as const)('by %s are not painted while the past is played', async (mode, name) => {
    const wall = wallOf(parts);
    wall.address.change({ mode });
    const { drawn } = begin(paintAreas, wall);
    await until(() => expect([...drawn.keys()]).toEqual([name]));
    wall.drives.playback.seek(0);
    expect([...drawn.keys()]).toEqual([]);
  });

  it('give way to hexagons of the same days, of the scope', async () => {
    const wall = wallOf(parts);
    wall.address.change({ mode: 'hexagons', scope: '420106001005' });
    const { drawn, properties } = begin(paintAreas, wall);
    await until(() => expect([...drawn.keys()]).toEqual(['hexagons']));
    expect(asked).toContain('/heat/events/cells.geojson?shape=hexagon&size=250&datetime=2017-12-01T16:00:00.000Z/2017-12-30T16:00:00.000Z&scope=420106001005');
    expect(properties('hexagons')?.map((p) => p?.['height'])).toEqual([24]);
    wall.address.change({ mode: undefined });
    expect([...drawn.keys()]).toEqual([]);
  });

  it('have no hexagons of events for those who may not see them', async () => {
    const wall = wallOf(parts, PUBLIC);
    wall.address.change({ mode: 'hexagons' });
    begin(paintAreas, wall);
    await until(() => expect(wall.facts.areas.value.root).toBeDefined());
    expect(asked.filter((path) => path.startsWith('/heat'))).toEqual([]);
  });
});

describe('an incident', () => {
  const insiders = ['events', 'responders', ...PUBLIC];

  it('has its walks, the ways of those who could come, each by its rank, and its place above all', async () => {
    const wall = wallOf(answers, insiders);
    wall.enter(7);
    const { properties } = begin(drawIncident, wall);
    await until(() => expect(properties('incident')).toEqual([{ kind: 'walk', minutes: 5 }, { kind: 'way', rank: 1 }, { kind: 'candidate', rank: 1, text: '1 · 013-007' }, { kind: 'event' }]));
  });

  it('has no way for one who is there', async () => {
    const wall = wallOf({ ...answers, '/isochrone': { features: [] }, '/dispatch': { lists: [{ candidates: [{ id: 1, rank: 1, route: [[114.3, 30.56]] }] }] } }, insiders);
    wall.enter(7);
    const { properties } = begin(drawIncident, wall);
    await until(() => expect(wall.incident.rankings.value.value).toHaveLength(1));
    await until(() => expect(properties('incident')).toEqual([{ kind: 'event' }]));
  });

  it('is taken off the map when it is left', async () => {
    const wall = wallOf(answers);
    wall.enter(7);
    const { drawn } = begin(drawIncident, wall);
    await until(() => expect([...drawn.keys()]).toEqual(['incident']));
    wall.back();
    expect([...drawn.keys()]).toEqual([]);
  });
});

describe('those on duty', () => {
  afterEach(() => vi.restoreAllMocks());

  const NOW = Date.parse('2017-12-01T12:00:00+08:00');
  const responder = (id: number, more: Partial<Responder> = {}): Responder => ({ id, at: [114.3, 30.56], title: '', zone: '', busy: false, fixed: NOW, ...more });
  const on = (...responders: readonly Responder[]) => new Map(responders.map((r) => [r.id, r]));
  const duty = (): Wall => {
    const wall = wallOf({}, ['responders']);
    styled(wall, 'responders');
    wall.now.value = NOW;
    return wall;
  };

  it('are free, busy, or not located for fifteen minutes', () => {
    const wall = duty();
    const { properties } = begin(moveResponders, wall);
    wall.facts.duty.responders.value = on(responder(1), responder(2, { busy: true }), responder(3, { busy: true, fixed: NOW - 16 * 60_000 }), responder(4, { fixed: undefined }));
    expect(properties('on-duty')?.map((p) => p?.['state'])).toEqual(['free', 'busy', 'stale', 'stale']);
  });

  it('are there while their layer is shown, and not in the past', () => {
    const wall = duty();
    const { drawn } = begin(moveResponders, wall);
    const shown = [(): unknown => (wall.facts.duty.responders.value = on()), () => wall.toggle('responders'), () => wall.toggle('responders'), () => wall.drives.playback.seek(0), () => wall.drives.playback.live()];
    expect(shown.map((change) => (change(), drawn.has('on-duty')))).toEqual([true, false, true, false, true]);
  });

  /** Somebody goes from 114.300 to 114.301 while a clock is moved by hand. */
  function walk(still: boolean) {
    const frames: FrameRequestCallback[] = [];
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    vi.spyOn(window, 'matchMedia').mockReturnValue({ matches: still } as MediaQueryList);
    vi.spyOn(globalThis, 'requestAnimationFrame').mockImplementation((step) => frames.push(step));
    const cancel = vi.spyOn(globalThis, 'cancelAnimationFrame').mockImplementation(() => frames.splice(0));
    const wall = duty();
    const { data, end } = begin(moveResponders, wall);
    wall.facts.duty.responders.value = on(responder(1));
    wall.facts.duty.responders.value = on(responder(1, { at: [114.301, 30.56] }));
    const lon = (at: number): number => {
      clock.mockReturnValue(at);
      for (const step of frames.splice(0)) step(at);
      const { geometry } = data.get('on-duty')?.features[0] ?? {};
      return geometry?.type === 'Point' ? Number(geometry.coordinates[0]?.toFixed(5)) : NaN;
    };
    return { lon, end, frames, cancel };
  }

  it('glide from where they were to where they are, and stand there', () => {
    const { lon, frames } = walk(false);
    expect([0, 600, 1200].map(lon)).toEqual([114.3, 114.3005, 114.301]);
    expect(frames).toEqual([]);
  });

  it('are there at once where less motion is wanted', () => {
    expect(walk(true).lon(0)).toBe(114.301);
  });

  it('move no more when the map is gone', () => {
    const { lon, end } = walk(false);
    end();
    expect(lon(1200)).toBe(114.3);
  });
});
