import type { Map as GlMap } from 'maplibre-gl';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Client, TokenStore } from '../service/client';
import { problem, Service } from '../ui/testing';
import { askAreas, askExtent, askGroups, askItem, askLayers, askPage, groupName, pagePath, type PageRequest } from './ask';
import { cellText, isQuantity } from './cell';
import { clicked } from './clicked';
import { askCells, askLegend, heatQuery, hexagonSize, readLegend } from './heat';
import { facetFields, fieldOf, fieldTitle, numberFields, readLayers, textFields, titles, usualColumns, type Field, type Layer } from './schema';
import { CARD } from './testview';

const layerOf = (card: unknown): Layer => {
  const [layer] = readLayers({ collections: [card] });
  if (!layer) throw new Error('no layer');
  return layer;
};
const EVENTS = layerOf(CARD);
const field = (name: string): Field => {
  const found = fieldOf(EVENTS, name);
  if (!found) throw new Error(name);
  return found;
};
const client = new Client(new TokenStore(undefined, undefined), () => undefined);
const { signal } = new AbortController();
const filter = { terms: [{ field: 'level', is: '3,4' }, { field: 'domain', is: 'urban' }], datetime: '2017-11-01/2017-11-30', scope: '420106001002' };

beforeEach(() => void vi.stubGlobal('location', new URL('http://x/ui/analysis')));

describe('the schema of a layer', () => {
  it('has every field with its title in both languages; what is missing in one is the other, else its name', () => {
    expect([titles({ zh: '领域', en: 'Domain' }), titles({ zh: '领域' }), titles({ en: 'Domain' }), titles(7, 'domain')]).toEqual([
      { zh: '领域', en: 'Domain' }, { zh: '领域', en: '领域' }, { zh: 'Domain', en: 'Domain' }, { zh: 'domain', en: 'domain' },
    ]);
    expect([fieldTitle(EVENTS, 'domain', 'zh'), fieldTitle(EVENTS, 'domain', 'en'), fieldTitle(EVENTS, 'gone', 'zh'), fieldTitle(undefined, 'x', 'en')]).toEqual(['领域', 'Domain', 'gone', 'x']);
  });

  it('is read from anything: what is not understood is a layer without geometry, a text, or left out', () => {
    expect([readLayers(undefined), readLayers({ collections: 'x' })]).toEqual([[], []]);
    const odd = layerOf({ id: 'odd', geometry: 'Point', fields: [{ title: { zh: '无名' } }, { name: 'a', type: 'blob' }, 7] });
    expect(odd).toMatchObject({ id: 'odd', title: { zh: 'odd', en: 'odd' }, geometry: 'point', timeField: '', seq: 0, maxzoom: 18, fields: [{ name: 'a', type: 'string', inTiles: false }] });
    expect(layerOf({ id: 'x', geometry: 'multisomething' }).geometry).toBe('none');
  });

  it('says what is a facet, a number, a text; every field is at most one of them, and an area is none', () => {
    const names = (fields: readonly Field[]): string[] => fields.map((f) => f.name);
    expect([names(facetFields(EVENTS)), names(numberFields(EVENTS)), names(textFields(EVENTS))]).toEqual([['domain', 'level'], ['level', 'accuracy_m'], ['code']]);
    const counted = layerOf({ id: 'x', fields: [{ name: 'ok', type: 'bool' }, { name: 'visit_count', type: 'int' }, { name: 'id2', type: 'int' }, { name: 'provenance', type: 'string' }] });
    expect([names(facetFields(counted)), names(textFields(counted))]).toEqual([['ok', 'visit_count'], []]);
  });

  it('has ten columns at most, the time among the first, what tiles carry before the rest', () => {
    expect(usualColumns(EVENTS)).toEqual(['code', 'domain', 'reported_at', 'level']);
    const wide = (timeField: string) => usualColumns(layerOf({ id: 'x', time_field: timeField, fields: ['at', ...'abcdefghijkl'].map((name) => ({ name, in_tiles: true })) }));
    expect(wide('at')).toEqual(['a', 'b', 'at', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
    expect(wide('')).toHaveLength(10);
    expect(usualColumns(layerOf({ id: 'x', fields: [{ name: 'a' }, { name: 'b' }] }))).toEqual(['a', 'b']);
  });
});

describe('a value in the table', () => {
  const text = (value: unknown, name: string, lang: 'zh' | 'en' = 'zh') => cellText(value, field(name), (code) => `<${code}>`, lang);
  const plain = (type: Field['type'], unit = ''): Field => ({ name: 'x', title: titles('', 'x'), type, unit, codes: new Map(), inTiles: false });

  it('is in words of the language, times in those of China, areas by name; nothing is nothing', () => {
    expect([text('party', 'domain'), text('party', 'domain', 'en'), text('new_code', 'domain'), text('420106001002', 'community')]).toEqual(['党建', 'party', 'new_code', '<420106001002>']);
    expect([text('2017-11-30T16:05:59Z', 'reported_at'), text('2017-12-01T00:05:59+08:00', 'reported_at'), text('some day', 'reported_at')]).toEqual(['2017-12-01 00:05', '2017-12-01 00:05', 'some day']);
    expect([text(null, 'code'), text(undefined, 'code'), text('', 'level')]).toEqual(['', '', '']);
    expect([text(true, 'code'), text(false, 'code', 'en'), text(['a'], 'code')]).toEqual(['是', 'no', '["a"]']);
  });

  it('has separators where it is a quantity, and none where it is a name', () => {
    expect([cellText(12345, plain('int', 'm'), String, 'zh'), cellText(12345, plain('int'), String, 'zh'), cellText(12345.25, plain('float', 'm'), String, 'zh'), cellText(0, plain('int'), String, 'zh')]).toEqual(['12,345', '12345', '12345.25', '0']);
    expect((['int', 'float', 'string', 'enum', 'bool', 'time', 'date'] as const).filter((type) => isQuantity(plain(type)))).toEqual(['int', 'float']);
  });
});

describe('what the page asks', () => {
  const request = (more: Partial<PageRequest> = {}): PageRequest => ({ layer: 'events', filter, columns: ['code', 'level'], limit: 100, ...more });
  const PATH = '/collections/events/items?level=3%2C4&domain=urban&datetime=2017-11-01%2F2017-11-30&scope=420106001002&limit=100&properties=code%2Clevel';

  it('of a page is the whole filter, the columns, the order and the cursor, and nothing that was not chosen', () => {
    expect(pagePath(request())).toBe(PATH);
    expect(pagePath(request({ sort: '-level', after: 'Wz=' }))).toBe(`${PATH}&sortby=-level&after=Wz%3D`);
    expect(pagePath(request({ layer: '图/层', filter: { terms: [] }, columns: [] }))).toBe('/collections/%E5%9B%BE%2F%E5%B1%82/items?limit=100');
  });

  it('gives the rows, how many there are, the snapshot, and the cursor of the next page while there is one', async () => {
    const rows = { features: [{ id: 7, properties: { code: 'A7' } }, { id: 'x' }], numberMatched: 250 };
    const links = [{ rel: 'self', href: '/s?after=no' }, { rel: 'next', href: '/collections/events/items?limit=100&after=WzFd' }];
    const service = new Service({ '/collections': () => new Response(JSON.stringify({ ...rows, links }), { headers: { 'Shapan-Seq': '77' } }) });
    const page = await askPage(client, request(), signal);
    expect([page.items.map((i) => i.values['code']), page.matched, page.next, page.seq]).toEqual([['A7'], 250, 'WzFd', 77]);
    service.answers['/collections'] = { features: rows.features };
    expect(await askPage(client, request(), signal)).toMatchObject({ matched: 1, seq: 0 });
    expect(await askPage(client, request(), signal)).not.toHaveProperty('next');
  });

  it('of one record is nothing where there is none, and an error where it could not be read', async () => {
    const service = new Service({ '/collections/events/items/7': { id: 7, geometry: { type: 'Point', coordinates: [114.3, 30.5] }, properties: {} }, '/collections/events/items/9': problem(503, 'the record is away') });
    expect(await askItem(client, 'events', 7, signal)).toMatchObject({ item: { id: 7, point: [114.3, 30.5] }, geometry: { type: 'Point' } });
    expect(await askItem(client, 'events', 8, signal)).toBeUndefined();
    await expect(askItem(client, 'events', 9, signal)).rejects.toThrow('the record is away');
    service.answers['/collections/events/items/9'] = problem(403, 'not yours');
    await expect(askItem(client, 'events', 9, signal)).rejects.toThrow('not yours');
  });

  it('of groups leaves the own field of a facet out of the filter, and no other', async () => {
    const service = new Service({ '/analytics': { matched: 9, groups: [{ key: ['urban'], title: [{ zh: '城市管理' }], count: 2 }, { key: ['null()'], title: [{}], count: 7 }, { key: [3], count: 'x' }] } });
    const { matched, groups } = await askGroups(client, 'events', 'domain', filter, signal, true);
    expect([matched, ...groups.map((g) => [g.key[0], g.count])]).toEqual([9, ['urban', 2], [null, 7], ['3', 0]]);
    await askGroups(client, 'events', 'domain', { terms: filter.terms }, signal);
    expect(service.asked()).toEqual([
      '/analytics/groups/events?level=3%2C4&datetime=2017-11-01%2F2017-11-30&scope=420106001002&by=domain',
      '/analytics/groups/events?level=3%2C4&domain=urban&by=domain',
    ]);
  });

  it('of the extent is its first and last day in China, and nothing of a layer without time', async () => {
    const service = new Service({ '/collections': (line: string) => ({ features: [{ id: 1, properties: { reported_at: line.includes('sortby=-') ? '2017-12-31T16:30:00Z' : '2016-01-01T00:10:00+08:00' } }] }) });
    expect(await askExtent(client, EVENTS, signal)).toEqual({ first: '2016-01-01', last: '2018-01-01' });
    service.answers['/collections'] = { features: [] };
    expect(await askExtent(client, EVENTS, signal)).toBeUndefined();
    const before = service.log.length;
    expect(await askExtent(client, { ...EVENTS, timeField: '' }, signal)).toBeUndefined();
    expect(service.log).toHaveLength(before);
  });

  it('of areas is only what can be seen, large before small; a zone is as large as its grids', async () => {
    const service = new Service({
      '/collections/zones': { features: [{ id: 1, properties: { code: 'z1', name: '片区一', community: 'c1' } }] },
      '/collections/grids': { features: [['g1', 2], ['g2', 3]].map(([code, area_ha], id) => ({ id, properties: { code, zone: 'z1', area_ha } })) },
    });
    const card = (id: string, ...fields: string[]) => layerOf({ id, fields: fields.map((name) => ({ name })) });
    const areas = await askAreas(client, [card('grids', 'code', 'zone', 'area_ha'), card('zones', 'code', 'name', 'community'), EVENTS], signal);
    expect(areas.map((a) => [a.kind, a.code, a.name, a.parent, a.hectares])).toEqual([['zone', 'z1', '片区一', 'c1', 5], ['grid', 'g1', 'g1', 'z1', 2], ['grid', 'g2', 'g2', 'z1', 3]]);
    expect(service.asked()).toEqual(['/collections/zones/items?limit=2000&properties=code%2Cname%2Ccommunity&sortby=code', '/collections/grids/items?limit=2000&properties=code%2Czone%2Carea_ha&sortby=code']);
  });

  it('of the layers is what the caller may see', async () => {
    new Service({ '/collections': { collections: [CARD, { id: 'grids', geometry: 'polygon' }] } });
    expect((await askLayers(client, signal)).map((l) => `${l.id} ${l.geometry}`)).toEqual(['events point', 'grids polygon']);
  });

  it('calls a group by its title, an area by its name, and what has no value so', () => {
    const name = (key: string | null, title: string | undefined, by: string) => groupName({ key: [key], title: title === undefined ? [] : [{ zh: title, en: title }], count: 1 }, by, (code) => `<${code}>`, 'zh', '(无)');
    expect([name('urban', '城市管理', 'domain'), name('c1', 'c1', 'community'), name('c1', '中山', 'community'), name('x', undefined, 'domain'), name(null, '', 'domain'), name('', '', 'domain')]).toEqual(['城市管理', '<c1>', '中山', 'x', '(无)', '(无)']);
  });
});

describe('heat', () => {
  const request = { filter: { terms: [{ field: 'level', is: '3' }], datetime: '2017-11-01/2017-11-30' }, per: 'count' as const, compare: undefined, lang: 'zh' };
  const legend = { title: '事件', unit: '条', stops: [{ value: 1, color: '#111111', opacity: 0.5 }, { value: 'x' }], small_households: 30 };

  it('is asked for with the filter, the measure unless it counts, and the other period when there is one', () => {
    expect(String(heatQuery(request))).toBe('level=3&datetime=2017-11-01%2F2017-11-30&lang=zh');
    expect(String(heatQuery({ ...request, per: 'ha-week', compare: '2016-11-01/2016-11-30', lang: 'en' }))).toBe('level=3&datetime=2017-11-01%2F2017-11-30&per=ha-week&compare=2016-11-01%2F2016-11-30&lang=en');
  });

  it('has a legend of which every stop can be drawn', async () => {
    const service = new Service({ '/heat': legend });
    expect(await askLegend(client, '事件', request, signal)).toEqual({ title: '事件', unit: '条', stops: [{ value: 1, color: '#111111', opacity: 0.5 }, { value: 0, color: '#888888', opacity: 1 }], smallHouseholds: 30 });
    expect(service.asked()).toEqual([`/heat/%E4%BA%8B%E4%BB%B6/legend.json?${heatQuery(request)}`]);
    expect(readLegend(null)).toEqual({ title: '', unit: '', stops: [], smallHouseholds: 0 });
  });

  it('has hexagons with the legend of their manifest', async () => {
    const body = { type: 'FeatureCollection', features: [], manifest: { legend } };
    const service = new Service({ '/heat': body });
    expect(await askCells(client, 'events', request, 200, signal)).toMatchObject({ cells: body, legend: { unit: '条', smallHouseholds: 30 } });
    expect(service.asked()).toEqual([`/heat/events/cells.geojson?${heatQuery(request)}&shape=hexagon&size=200`]);
  });

  it('has hexagons that grow smaller as one comes nearer, in a few steps', () => {
    const sizes = Array.from({ length: 101 }, (_, i) => hexagonSize(10 + i / 10));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect([...new Set(sizes)]).toEqual([600, 200, 100, 50]);
  });
});

describe('a click on the map', () => {
  /** A map on which something lies under (100, 50): by the layer its features, and how far from them they are still hit. */
  const mapOf = (under: Record<string, { id?: number; code?: unknown; off?: number }>): GlMap =>
    ({
      getLayer: (id: string) => (id in under ? {} : undefined),
      queryRenderedFeatures: ([[west], [east]]: [[number, number], [number, number]], { layers: [id = ''] }: { layers: string[] }) => {
        const found = under[id];
        const x = 100 + (found?.off ?? 0);
        return found && west <= x && x <= east ? [{ id: found.id, properties: { code: found.code } }] : [];
      },
    }) as unknown as GlMap;
  const hit = (under: Parameters<typeof mapOf>[0]) => clicked(mapOf(under), { point: { x: 100, y: 50 } as never });

  it('is of what is picked, then a record, then a cluster, then what lies below', () => {
    const all = { 'analysis-area': { code: 'a' }, 'analysis-cells': {}, 'analysis-fill': { id: 3 }, 'analysis-cluster': {}, 'analysis-point': { id: 7 }, 'analysis-pick': { code: 'p' } };
    const { 'analysis-pick': _, ...points } = all;
    const { 'analysis-point': __, ...clusters } = points;
    expect([hit(all), hit(points), hit(clusters)]).toEqual([{ kind: 'area', code: 'p', by: 'pick' }, { kind: 'feature', id: 7 }, { kind: 'cluster' }]);
    expect([hit({ 'analysis-area': { code: 'a' }, 'analysis-cells': {} }), hit({ 'analysis-area': { code: 'a' } }), hit({})]).toEqual([{ kind: 'cell' }, { kind: 'area', code: 'a', by: 'shade' }, undefined]);
  });

  it('need not meet a small point or a thin line quite, but must meet an area', () => {
    expect([hit({ 'analysis-point': { id: 7, off: 4 } }), hit({ 'analysis-point': { id: 7, off: 5 } }), hit({ 'analysis-line': { id: 7, off: -4 } }), hit({ 'analysis-area': { code: 'a', off: 1 } })]).toEqual([
      { kind: 'feature', id: 7 }, undefined, { kind: 'feature', id: 7 }, undefined,
    ]);
  });

  it('is of nothing where the record has no number and the area no code', () => {
    expect([hit({ 'analysis-point': {} }), hit({ 'analysis-area': { code: 7 } }), hit({ 'analysis-pick': {}, 'analysis-point': { id: 7 } })]).toEqual([undefined, undefined, undefined]);
  });
});
