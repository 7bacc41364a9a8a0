// @vitest-environment happy-dom
import type { FeatureCollection } from 'geojson';
import { describe, expect, it } from 'vitest';
import { write } from '../ui/testing';
import { Legend, legendNumber } from './legend';
import { MapTools, type Hand } from './maptools';
import { colorField, modeOf, modesOf, useShading, windowed, type Shading } from './shading';
import type { Layer } from './schema';
import { MAP_MODES, type State } from './state';
import { answered, click, living, shown, testView, texts } from './testview';
import type { View } from './view';

const layerOf = (geometry: Layer['geometry'], more: Partial<Layer> = {}): Layer => ({ ...testView().layer, geometry, ...more });

/** Works out what the map shows, and draws its legend as the page does. */
function Shaded({ view, zoom, tell }: { view: View; zoom: number; tell(shading: Shading): void }) {
  const shading = useShading(view, zoom);
  tell(shading);
  return (
    <>
      {shading.error !== undefined && <p role="alert">{shading.error}</p>}
      {shading.legend && <Legend legend={shading.legend} />}
    </>
  );
}

async function shade(view: ReturnType<typeof testView>, zoom = 14) {
  let last: Shading = { overlay: undefined, legend: undefined };
  const host = await living(view, (v) => <Shaded view={v} zoom={zoom} tell={(s) => (last = s)} />);
  return {
    host,
    shading: () => last,
    lines: () => texts(host, 'li'),
    title: () => texts(host, 'h2')[0],
    notes: () => texts(host, '[data-legend] p'),
    /** The parts that are drawn, and the whole of them as text. */
    parts: () => last.overlay?.layers.map((l) => l.id) ?? [],
    drawn: () => decodeURIComponent(JSON.stringify(last.overlay)),
  };
}

const legend = { title: '事件', unit: '条/公顷·周', stops: [{ value: 0, color: '#101010' }, { value: 2.5, color: '#202020' }, { value: 10, color: '#303030' }], small_households: 30 };

describe('how the map can show a layer', () => {
  it('is as heat and hexagons for points only, and by areas where it belongs to them', () => {
    const bare = { fields: [] };
    expect([modesOf({ layer: layerOf('point') }), modesOf({ layer: layerOf('polygon') }), modesOf({ layer: layerOf('point', bare) }), modesOf({ layer: layerOf('line', bare) })]).toEqual([
      [...MAP_MODES], ['points', 'areas'], ['points', 'heat', 'hexagons'], ['points'],
    ]);
  });

  it('is as its points where the address asks for what cannot be', () => {
    const mode = (layer: Layer, map: State['map']) => modeOf({ layer, state: { filter: { terms: [] }, map } });
    expect([mode(layerOf('point'), 'heat'), mode(layerOf('polygon'), 'heat'), mode(layerOf('line', { fields: [] }), 'areas'), mode(layerOf('point'), undefined)]).toEqual(['heat', 'points', 'points', 'points']);
  });

  it('has a window where a rate per week needs one: that of the filter, else the whole of the data', () => {
    const { extent } = testView();
    expect(windowed({ state: { filter: { terms: [] } }, extent }).datetime).toBe('2016-01-01/2017-12-31');
    expect(windowed({ state: { filter: { terms: [], datetime: '2017-11-01/2017-11-30' } }, extent }).datetime).toBe('2017-11-01/2017-11-30');
    expect(windowed({ state: { filter: { terms: [] } }, extent: undefined }).datetime).toBeUndefined();
  });
});

describe('points', () => {
  it('are coloured by the first field of few codes, with a line for each, in the language', async () => {
    const zh = await shade(testView({ filter: { terms: [{ field: 'level', is: '3' }] } }));
    expect([zh.title(), zh.lines(), zh.notes()]).toEqual(['事件 领域', ['城市管理', '党建'], ['数字为聚合的点数']]);
    expect(zh.drawn()).toContain('/xyz/events/{z}/{x}/{y}.mvt?level=3');
    expect(zh.host.querySelectorAll('.swatch.round')).toHaveLength(2);
    const en = await shade(testView({ lang: 'en' }));
    expect([en.title(), en.lines()]).toEqual(['Events Domain', ['urban', 'party']]);
  });

  it('of a layer without such a field are of one colour; shapes are not round and do not cluster', async () => {
    const view = testView();
    const plain = await shade(Object.assign(view, { layer: layerOf('polygon', { fields: view.layer.fields.filter((f) => f.name !== 'domain') }) }));
    expect(colorField(view)).toBeUndefined();
    expect([plain.lines(), plain.notes(), plain.host.querySelectorAll('.swatch.round').length]).toEqual([['事件'], [], 1]);
    const none = await shade(Object.assign(testView(), { layer: layerOf('none') }));
    expect(none.shading()).toEqual({ overlay: undefined, legend: undefined });
  });

  it('ask nothing of the service themselves: their tiles do', async () => {
    const view = testView();
    await shade(view);
    expect(view.asked).toEqual([]);
  });
});

describe('heat', () => {
  it('has the legend of the service, the most at the top, and says which cells are pale', async () => {
    const view = testView({ map: 'heat', filter: { terms: [{ field: 'level', is: '3' }] } }, () => legend);
    const heat = await shade(view);
    expect(view.asked).toEqual(['/heat/events/legend.json?level=3&lang=zh']);
    expect([heat.title(), heat.lines(), heat.notes()]).toEqual(['事件 条/公顷·周', ['10', '2.5', '0'], ['不足 30 户的格子颜色变淡']]);
    expect(heat.shading().legend?.lines.map((l) => l.color)).toEqual(['#303030', '#202020', '#101010']);
    expect(heat.drawn()).toContain('/heat/events/{z}/{x}/{y}.png?scale=2&level=3&lang=zh');
  });

  it('per week is of the whole of the data where no window is chosen, and of two periods where they are compared', async () => {
    const view = testView({ map: 'heat', per: 'ha-week', lang: 'en' }, () => legend);
    const heat = await shade(view);
    view.change({ diff: true, versus: 'year', filter: { terms: [], datetime: '2017-11-01/2017-11-30' } });
    await answered();
    expect(view.asked.map(decodeURIComponent)).toEqual([
      '/heat/events/legend.json?datetime=2016-01-01/2017-12-31&per=ha-week&lang=en',
      '/heat/events/legend.json?datetime=2017-11-01/2017-11-30&per=ha-week&compare=2016-11-01/2016-11-30&lang=en',
    ]);
    expect(heat.title()).toBe('Period − Baseline 条/公顷·周');
    expect(heat.shading().legend?.lines.map((l) => l.color)).toEqual(['#303030', '#202020', 'transparent']);
  });

  it('draws nothing and says why when the service has no legend for it', async () => {
    const heat = await shade(testView({ map: 'heat' }, () => new Error('no such measure')));
    expect([heat.shading().overlay, texts(heat.host, '[role=alert]'), heat.title()]).toEqual([undefined, ['no such measure'], undefined]);
  });
});

describe('hexagons', () => {
  const cells = (id: number): FeatureCollection => ({ type: 'FeatureCollection', features: [], manifest: { legend }, id }) as FeatureCollection;

  it('are of the size for the zoom, which the legend says', async () => {
    const view = testView({ map: 'hexagons', per: '1000-households' }, () => cells(1));
    const hexagons = await shade(view, 15);
    expect(view.asked).toEqual(['/heat/events/cells.geojson?per=1000-households&lang=zh&shape=hexagon&size=100']);
    expect(hexagons.title()).toBe('事件 · 100 m 条/公顷·周');
    expect(hexagons.shading().cells).toMatchObject({ id: 1 });
  });

  it('of an older filter do not come over those of a newer one', async () => {
    const waiting: ((body: unknown) => void)[] = [];
    const view = testView({ map: 'hexagons' }, () => new Promise((resolve) => waiting.push(resolve)));
    const hexagons = await shade(view);
    expect(hexagons.shading()).toEqual({ overlay: undefined, legend: undefined });
    view.refilter({ terms: [{ field: 'level', is: '5' }] });
    await answered();
    waiting[1]?.(cells(2));
    await answered();
    waiting[0]?.(cells(1));
    await answered();
    expect(hexagons.shading().cells).toMatchObject({ id: 2 });
  });
});

describe('areas', () => {
  const counts = { matched: 40, groups: [{ key: ['420106001001'], count: 40 }] };

  it('are coloured by their counts, with those that have none', async () => {
    const view = testView({ map: 'areas' }, () => counts);
    const areas = await shade(view);
    expect(view.asked).toEqual(['/analytics/groups/events?by=community']);
    expect([areas.title(), areas.lines()]).toEqual(['事件 · 社区 条', ['40', '0']]);
    expect(areas.parts()).toEqual(['analysis-area', 'analysis-area-line', 'analysis-area-small']);
  });

  it('by a rate say which rest on little', async () => {
    const view = testView({ map: 'areas', area: 'grid', per: 'ha-week', lang: 'en' }, () => ({ matched: 3, groups: [{ key: ['420106001002001'], count: 3 }] }));
    const areas = await shade(view);
    expect(view.asked.map(decodeURIComponent)).toEqual(['/analytics/groups/events?datetime=2016-01-01/2017-12-31&by=grid']);
    expect([areas.title(), areas.notes()]).toEqual(['Events · Grid per hectare and week', ['dashed and pale: fewer than 30 records or 30 households, may be chance']]);
  });

  it('show the figure that is looked at, in its unit; an area that it is not known of has no colour', async () => {
    const figure = (value: number | null) => ({ id: 'on_spot_rate', title: { zh: '即时办结率', en: 'On the spot' }, unit: '%', value });
    const view = testView({ map: 'areas', kpi: 'on_spot_rate', versus: 'year' }, () => ({
      kpis: [figure(94)], areas: [{ code: '420106001001', kpis: [figure(91.25)] }, { code: '420106001002', kpis: [figure(null)] }, { code: '', kpis: [figure(50)] }],
    }));
    const areas = await shade(view);
    expect(view.asked).toEqual(['/analytics/kpi?baseline=year&by=community&id=on_spot_rate']);
    expect([areas.title(), areas.lines()]).toEqual(['即时办结率 · 社区', ['91.25 %']]);
    expect(areas.drawn()).toContain('"420106001002","rgba(0,0,0,0)"');
  });

  it('of another layer than events are counted, whatever figure the address names', async () => {
    const view = testView({ map: 'areas', kpi: 'filed' }, () => counts);
    await shade(Object.assign(view, { layer: layerOf('point', { id: 'screens' }) }));
    expect(view.asked).toEqual(['/analytics/groups/screens?by=community']);
  });
});

describe('the tools of the map', () => {
  const tools = (hand: Hand = 'look', take: (hand: Hand) => void = () => undefined) => (view: View) => <MapTools view={view} hand={hand} take={take} />;
  const pressed = (host: HTMLElement): string[] => texts(host, '[aria-pressed=true]');

  it('show the layer in another way, and points are what the address need not say', async () => {
    const view = testView();
    const host = await living(view, tools());
    expect([texts(host, '[data-mode]'), pressed(host), host.querySelector('[data-per]')]).toEqual([['点位', '热力', '六边形', '分区'], ['点位'], null]);
    await click(host, '[data-mode=areas]');
    expect([view.state.map, pressed(host)]).toEqual(['areas', ['分区', '社区']]);
    await click(host, '[data-kind=grid]');
    await click(host, '[data-mode=points]');
    expect([view.state.map, view.state.area]).toEqual([undefined, 'grid']);
  });

  it('measure counts or rates; a count is what the address need not say', async () => {
    const view = testView({ map: 'heat', lang: 'en' });
    const host = await living(view, tools());
    const select = host.querySelector<HTMLSelectElement>('[data-per]');
    if (!select) throw new Error('no measures');
    expect([texts(host, 'option'), select.value]).toEqual([['Count', 'Per hectare and week', 'Per 1,000 households'], 'count']);
    write(select, '1000-households');
    expect(view.state.per).toBe('1000-households');
    write(select, 'count');
    expect(view.state.per).toBeUndefined();
  });

  it('say that a figure is shown, and another measure takes it away', async () => {
    const view = testView({ map: 'areas', kpi: 'filed' });
    const host = await living(view, tools());
    const select = host.querySelector<HTMLSelectElement>('[data-per]');
    expect([select?.value, texts(host, 'option')[0]]).toEqual(['kpi', '指标']);
    if (select) write(select, 'ha-week');
    await answered();
    expect([view.state.kpi, view.state.per, texts(host, 'option')]).toEqual([undefined, 'ha-week', ['数量', '每公顷每周', '每千户']]);
  });

  it('take a hand and put it back; who picks chooses of which kind', async () => {
    const taken: Hand[] = [];
    for (const hand of ['look', 'draw', 'pick'] as const) {
      const host = await shown(tools(hand, (h) => taken.push(h))(testView()));
      expect(texts(host, '[data-kind]')).toHaveLength(hand === 'pick' ? 3 : 0);
      await click(host, '[data-hand=draw]');
      await click(host, '[data-hand=pick]');
    }
    expect(taken).toEqual(['draw', 'pick', 'look', 'pick', 'draw', 'look']);
  });

  it('of shapes call them so', async () => {
    const view = Object.assign(testView({ lang: 'en' }), { layer: layerOf('polygon') });
    expect(texts(await shown(tools()(view)), '[data-mode]')).toEqual(['Shapes', 'Areas']);
  });
});

it('writes the numbers of a legend so that they can be read: three digits, and whole ones whole', () => {
  expect([0, 7, 1234567, 0.00123456, 12.3456, 1234.5, -0.5, NaN].map(legendNumber)).toEqual(['0', '7', '1,234,567', '0.0012', '12.3', '1,230', '-0.5', '0']);
});
