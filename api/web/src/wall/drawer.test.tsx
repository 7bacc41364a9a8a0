// @vitest-environment happy-dom
// What is behind a number, and the card of a feature.
import { describe, expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import { Card } from './card';
import { Drawer } from './drawer';
import { asked, click, eventOf, mapOf, texts, until, wallOf } from './testing';

const show = stage();

const kpi = (id: string, more: object = {}) => ({
  id, title: { zh: `指标${id}`, en: `Indicator ${id}` }, unit: '%', value: 93.72, numerator: 911, denominator: 1972, baseline: { value: 90 }, change: { points: 3.7 }, better: 'up', formula: { zh: '甲除以乙', en: 'a by b' }, records: `/collections/events/items?kind=${id}`, ...more,
});
const page = (id: number, matched = 1) => ({ features: [{ id, geometry: { type: 'Point', coordinates: [114.3, 30.56] }, properties: { title: `事件 ${id}` } }], numberMatched: matched });
const answers = {
  '/analytics/kpi': { period: { start: '2017-12-02', end: '2017-12-31' }, kpis: [kpi('a'), kpi('b'), kpi('c', { value: null, baseline: {}, records: '', reason: { zh: '尚无记录', en: 'no records yet' } })] },
  '/collections/events/items?kind=a': page(1, 12345),
  '/collections/events/items?kind=b': page(2),
  '/collections/events/items?level=4': page(4, 7),
};

describe('Drawer', () => {
  it('is not there while nothing is opened', () => {
    expect(show(<Drawer wall={wallOf(answers)} />).textContent).toBe('');
  });

  it('tells how many records there are, and of them the newest', async () => {
    const wall = wallOf(answers);
    const host = show(<Drawer wall={wall} />);
    wall.address.change({ kpi: 'a' });
    await until(() => expect(texts(host, '.drawer-records span')).toEqual(['12,345 条记录,显示前 1 条']));
    expect(asked).toContain('/collections/events/items?kind=a&limit=40&sortby=-reported_at');
  });

  it('explains an indicator in the language of the wall', async () => {
    const wall = wallOf(answers);
    wall.address.change({ lang: 'en', kpi: 'a' });
    const host = show(<Drawer wall={wall} />);
    await until(() => expect(texts(host, 'h2')).toEqual(['Indicator a']));
    expect(texts(host, '.explained > *')).toEqual(['93.7%', '911 ÷ 1,972', '30 days before: 90.0 % ▲ 3.7 pt', 'Formula a by b']);
  });

  it('says why a value is not known, and asks for no records where there are none', async () => {
    const wall = wallOf(answers);
    wall.address.change({ kpi: 'c' });
    const host = show(<Drawer wall={wall} />);
    await until(() => expect(texts(host, '.explained p').at(-1)).toBe('尚无记录'));
    expect(texts(host, '.explained strong')).toEqual(['—']);
    expect(asked.filter((path) => path.includes('limit=40'))).toEqual([]);
  });

  it('shows the records of the number that was opened last', async () => {
    const wall = wallOf(answers);
    wall.address.change({ kpi: 'a' });
    const host = show(<Drawer wall={wall} />);
    await until(() => expect(texts(host, '.event-title')).toEqual(['事件 1']));
    wall.address.change({ kpi: 'b' });
    await until(() => expect(texts(host, '.event-title')).toEqual(['事件 2']));
  });

  it('lists the events of a filter without a formula', async () => {
    const wall = wallOf(answers);
    wall.list({ level: '4' });
    const host = show(<Drawer wall={wall} />);
    await until(() => expect(texts(host, '.event-title')).toEqual(['事件 4']));
    expect(texts(host, 'h2')).toEqual(['事件']);
    expect(host.querySelector('.explained')).toBeNull();
  });

  it('says in the words of the service why there are no records', async () => {
    const wall = wallOf();
    wall.list({ level: '9' });
    const host = show(<Drawer wall={wall} />);
    await until(() => expect(texts(host, '.note')).toEqual(['nothing is here']));
  });

  it('forgets a failure when the next answer comes', async () => {
    const later: Record<string, unknown> = {};
    const wall = wallOf();
    const refuse = globalThis.fetch;
    globalThis.fetch = (input, init) => (String(input).includes('level=4') && later['page'] ? Promise.resolve(Response.json(later['page'])) : refuse(input, init));
    wall.list({ level: '4' });
    const host = show(<Drawer wall={wall} />);
    await until(() => expect(texts(host, '.note')).toHaveLength(1));
    later['page'] = page(4);
    wall.facts.figures.at.value = 1;
    await until(() => expect(texts(host, '.event-title')).toEqual(['事件 4']));
    expect(texts(host, '.note')).toEqual([]);
  });

  it.each(['Escape', 'Backspace'])('is closed by %s, before the wall goes back', async (key) => {
    const wall = wallOf(answers);
    wall.keys.add({ Escape: () => wall.back(), Backspace: () => wall.back() });
    wall.address.change({ scope: '420106001005', records: 'level=4' });
    const host = show(<Drawer wall={wall} />);
    wall.keys.press(new KeyboardEvent('keydown', { key }));
    await until(() => expect(host.querySelector('.drawer')).toBeNull());
    expect(wall.address.state.value.scope).toBe('420106001005');
    await until(() => expect(wall.scope.value?.name).toBe('四清里社区'));
    wall.keys.press(new KeyboardEvent('keydown', { key }));
    expect(wall.address.state.value.scope).toBeUndefined();
  });

  it('is closed by its button', async () => {
    const wall = wallOf(answers);
    wall.list({ level: '4' });
    const host = show(<Drawer wall={wall} />);
    click(host, '.panel-head button');
    await until(() => expect(host.textContent).toBe(''));
    expect(location.hash).toBe('');
  });

  it('saves all records of the list, not only those that it shows', async () => {
    const wall = wallOf({ ...answers, '/export/events.geojson': { type: 'FeatureCollection' } });
    const saved = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    wall.list({ level: '4' });
    const host = show(<Drawer wall={wall} />);
    await until(() => click(host, '.drawer-records button'));
    await until(() => expect(saved).toHaveBeenCalled());
    expect(asked.at(-1)).toBe('/export/events.geojson?level=4');
    expect((saved.mock.contexts[0] as HTMLAnchorElement).download).toBe('events.geojson');
    saved.mockRestore();
  });

  it('leads from a record to its place on the map', async () => {
    const wall = wallOf(answers);
    const map = mapOf(wall);
    wall.list({ level: '4' });
    const host = show(<Drawer wall={wall} />);
    await until(() => click(host, '.event-body'));
    expect(map.fly).toHaveBeenCalledWith([114.3, 30.56, 114.3, 30.56], 17);
  });
});

describe('Card', () => {
  const layer = {
    id: 'events', title: '事件', count: 1,
    fields: new Map([['title', '标题'], ['category', '类别'], ['reported_at', '上报时间'], ['community', '所属社区'], ['grid', '所属网格'], ['self_found', '主动发现'], ['floors', '层数'], ['code', '编码']]),
    codes: new Map([['category', new Map([['noise', '噪声扰民']])]]),
  };
  const area = (code: string): string => `〈${code.slice(-3)}〉`;
  const of = (values: Record<string, unknown>): HTMLElement => show(<Card item={eventOf(1, values)} layer={layer} area={area} />);
  const rows = (host: HTMLElement): Record<string, string | null> => Object.fromEntries(texts(host, 'dt').map((term, i) => [term, texts(host, 'dd')[i] ?? null]));

  it('words values as the catalogue does, areas by their names, instants in China’s time', () => {
    expect(rows(of({ reported_at: '2017-12-01T15:30:00Z', grid: '420106001005007' }))).toEqual({ 类别: '噪声扰民', 上报时间: '2017-12-01 23:30:00', 所属社区: '〈005〉', 所属网格: '〈007〉' });
  });

  it('leaves out what is not so, and what is not known', () => {
    expect(Object.keys(rows(of({ self_found: false, floors: 0, category: '' })))).toEqual(['所属社区']);
  });

  it('is headed by the title, else the name, else the code', () => {
    const headings = [{}, { title: '' , name: '积玉桥小学', code: 'F1' }, { title: '', code: 'F1' }].map((values) => of(values).querySelector('h3')?.textContent);
    expect(headings).toEqual(['事件 1', '积玉桥小学', 'F1']);
  });

  it('shows what was written as text, whatever it looks like', () => {
    const host = of({ title: '<img src=x onerror=alert(1)>' });
    expect(host.querySelector('h3')?.textContent).toBe('<img src=x onerror=alert(1)>');
    expect(host.querySelector('img')).toBeNull();
  });

  it('gives the wall to an event, and has no button for anything else', () => {
    const enter = vi.fn();
    expect(of({}).querySelector('button')).toBeNull();
    click(show(<Card item={eventOf(1)} layer={layer} area={area} enter={enter} enterWord="事件专屏" />), '.card-enter');
    expect(enter).toHaveBeenCalledOnce();
  });
});
