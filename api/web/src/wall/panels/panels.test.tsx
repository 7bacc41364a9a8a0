// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { stage } from '../../ui/testing';
import { Drawer } from '../drawer';
import { Panel } from '../panel';
import { click, eventOf, mapOf, texts, until, wallOf } from '../testing';
import css from '../panels.css?raw';
import { Days } from './days';
import { EventList } from './events';
import { Kinds } from './kinds';
import { KpiPanel } from './kpis';
import { PartsPanel } from './parts';
import { Situation } from './situation';

const show = stage();
const records = (): Record<string, string> => Object.fromEntries(new URLSearchParams(new URLSearchParams(location.hash.slice(1)).get('records') ?? ''));
const OPEN = { closed_at: 'null()', cancelled_at: 'null()' };
const at = (text: string): number => Date.parse(`${text}+08:00`);

const groups = (counts: Readonly<Record<string, number>>) => ({ groups: Object.entries(counts).map(([key, count]) => ({ key: [key], title: [{ zh: `${key}类`, en: `kind ${key}` }], count })) });
/** What is known of 1,234 events, the last of them on the first of December. */
const FIGURES = {
  '/collections/events/items?sortby': { features: [{ id: 1, geometry: null, properties: { reported_at: '2017-12-01T15:00:00+08:00' } }], numberMatched: 1234 },
  '/collections/events/items?limit=1&': { features: [], numberMatched: 33 },
  '/analytics/groups/events?by=level': groups({ 1: 1000, 4: 7 }),
  '/analytics/groups/events?by=day': groups({ '2017-11-25': 12, '2017-12-01': 1500 }),
};
const figure = (id: string, value: number | null, more: object = {}) => ({
  id, title: { zh: id, en: id }, unit: 'count', value, numerator: value ?? 0, denominator: 40, baseline: { value: 10 }, change: { relative: 20 }, better: 'down', formula: { zh: '数一数', en: 'count' }, small: false, records: '/collections/events/items?stage=reported', ...more,
});

describe('Panel', () => {
  const framed = (wall = wallOf(), asked?: number): HTMLElement => show(<Panel wall={wall} name="days" title="近日" note="旁注" at={asked}><p>内容</p></Panel>);

  it('is folded away by its button and brought back, and the address says so', async () => {
    const wall = wallOf();
    const host = framed(wall);
    click(host, 'button[aria-label="收起: 近日"]');
    await until(() => expect(host.textContent).toBe('近日旁注'));
    expect(location.hash).toBe('#hide=days');
    click(host, 'button[aria-label="展开: 近日"]');
    await until(() => expect(host.textContent).toBe('近日旁注内容'));
    expect(location.hash).toBe('');
  });

  it('is grey and says since when, once its facts could not be asked for three minutes', async () => {
    const wall = wallOf();
    const host = framed(wall, at('2017-12-01T12:00:00'));
    wall.now.value = at('2017-12-01T12:03:00');
    await until(() => expect(texts(host, '.panel-note')).toEqual(['旁注']));
    wall.now.value = at('2017-12-01T12:04:00');
    await until(() => expect(texts(host, '.panel.old .panel-note')).toEqual(['自 12:00:00 起']));
  });
});

describe('KpiPanel', () => {
  const answers = { '/analytics/kpi': { period: { start: '2017-12-02', end: '2017-12-31' }, kpis: [figure('a', 12), figure('b', 3, { small: true }), figure('c', null), figure('d', 5, { baseline: {}, change: {} })] } };

  it('says of each figure whether its change is good, chance or not known', async () => {
    const host = show(<KpiPanel wall={wallOf(answers)} />);
    await until(() => expect(texts(host, '.kpi-change')).toEqual(['▲ 20.0%', '小样本', '无数据', '无基期']));
    expect([...host.querySelectorAll('.kpi-change')].map((e) => e.className.replace('kpi-change ', ''))).toEqual(['bad', 'even', 'even', 'even']);
  });

  it('opens the formula and the records of a figure', async () => {
    const wall = wallOf({ ...answers, '/collections/events/items?stage': { features: [{ id: 7, geometry: null, properties: { title: '第七件' } }], numberMatched: 12 } });
    const host = show(<><KpiPanel wall={wall} /><Drawer wall={wall} /></>);
    await until(() => click(host, '[data-kpi=a]'));
    await until(() => expect(texts(host, '.drawer .event-title')).toEqual(['第七件']));
    expect(host.querySelector('.explained')?.textContent).toContain('数一数');
    expect(location.hash).toBe('#kpi=a');
  });
});

describe('PartsPanel', () => {
  const part = (code: string, rate: number, small: boolean) => ({ code, name: `${code}社区`, kpis: [{ id: 'per_1000_households', value: rate, small }] });
  const answers = { '/analytics/kpi': { areas: [part('420106001005', 3, false), part('42010600100501', 9, true), part('', 1, true)] }, '/analytics/groups/events?by=grid': groups({ '420106001005001': 1200 }) };

  it('ranks small numbers after the others, however high, and hatches them', async () => {
    const host = show(<PartsPanel wall={wallOf(answers)} />);
    await until(() => expect(texts(host, '.part strong')).toEqual(['3.00', '9.00']));
    expect(texts(host, '.part.small strong')).toEqual(['9.00']);
    expect(/\.part\.small \.gauge::after \{([^}]*)\}/.exec(css)?.[1]).toContain('repeating-linear-gradient');
  });

  it('goes to a part by its name, and opens what is open there by its number', async () => {
    const wall = wallOf(answers);
    const host = show(<PartsPanel wall={wall} />);
    await until(() => expect(texts(host, '.part-open b')).toEqual(['1,200', '1,200']));
    click(host, '.part-open');
    expect(records()).toEqual({ scope: '420106001005', ...OPEN });
    click(host, '.part');
    expect(wall.address.state.value.scope).toBe('420106001005');
  });

  it('has a dash for how many are open where that is not known', async () => {
    const host = show(<PartsPanel wall={wallOf({ '/analytics/kpi': answers['/analytics/kpi'] })} />);
    await until(() => expect(texts(host, '.part-open b')).toEqual(['—', '—']));
  });
});

describe('Situation', () => {
  it('shows a dash for what is not known, and narrows the list by a level', async () => {
    const wall = wallOf();
    const host = show(<Situation wall={wall} />);
    expect(texts(host, '.figure, .level-count')).toEqual(['—', '—', '—', '—', '—', '—']);
    click(host, '.level-4');
    expect(wall.address.state.value.level).toBe(4);
    await until(() => expect(host.querySelector('.level-4')?.getAttribute('aria-pressed')).toBe('true'));
    click(host, '.level-4');
    expect(wall.address.state.value.level).toBeUndefined();
  });

  it('counts what is open, the gravest first, and nought where there is none', async () => {
    const wall = wallOf(FIGURES);
    wall.switchLang();
    const host = show(<Situation wall={wall} />);
    await until(() => expect(texts(host, '.level-count')).toEqual(['0', '7', '0', '0', '1,000']));
    expect(texts(host, '.panel-note, .figure, .level-name')).toEqual(['of 1,234', '1,007', 'Level 5', 'Level 4', 'Level 3', 'Level 2', 'Level 1']);
  });

  it('opens the records of all and of a level, of the scope', () => {
    const wall = wallOf();
    wall.visit('420106001005');
    const host = show(<Situation wall={wall} />);
    click(host, '.figure');
    expect(records()).toEqual({ ...OPEN, scope: '420106001005' });
    click(host, '[aria-label="未结事件 4 级: —"]');
    expect(records()).toEqual({ ...OPEN, level: '4', scope: '420106001005' });
  });

  it('counts what was open at the moment that is played', async () => {
    const wall = wallOf(FIGURES);
    const host = show(<Situation wall={wall} />);
    wall.drives.playback.seek(at('2017-11-20T12:00:00'));
    wall.drives.playback.recording.value = { from: at('2017-11-20T00:00:00'), to: at('2017-11-21T00:00:00'), matched: 5, events: [{ item: eventOf(1, { level: 3 }), from: 0, until: Infinity }] };
    await until(() => expect(texts(host, '.level-count')).toEqual(['0', '0', '1', '0', '0']));
  });
});

describe('Days', () => {
  it('has the last seven days that have data, and their sums', async () => {
    const host = show(<Days wall={wallOf(FIGURES)} />);
    await until(() => expect(texts(host, '.bar')).toEqual(['1225', '026', '027', '028', '029', '030', '1,50001']));
    expect(texts(host, '.panel-note, .sums > div')).toEqual(['截至 2017-12-01', '当日1,500', '7 日1,512', '其中已结33']);
  });

  it('opens the records of a day, of the scope', async () => {
    const wall = wallOf(FIGURES);
    wall.visit('420106001005');
    const host = show(<Days wall={wall} />);
    await until(() => click(host, '.bar:last-child'));
    expect(records()).toEqual({ datetime: '2017-12-01/2017-12-01', scope: '420106001005' });
  });

  it('has no sums, which would be noughts, while nothing is known', () => {
    const host = show(<Days wall={wallOf()} />);
    expect(texts(host, '.panel > *')).toEqual(['近 7 日上报', '', '']);
  });
});

describe('Kinds', () => {
  const wallOfKinds = () => wallOf({ '/analytics/groups/events?by=category': groups({ b: 2, a: 2, f: 1, g: 1, z: 1500, h: 3, i: 4 }) });

  it('has the most frequent first, no more than can be read', async () => {
    const wall = wallOfKinds();
    wall.switchLang();
    const host = show(<Kinds wall={wall} />);
    await until(() => expect(texts(host, '.part')).toEqual(['kind z1,500', 'kind i4', 'kind h3', 'kind a2', 'kind b2', 'kind f1']));
  });

  it('opens the records of a kind that are open', async () => {
    const host = show(<Kinds wall={wallOfKinds()} />);
    await until(() => click(host, '.part'));
    expect(records()).toEqual({ category: 'z', ...OPEN });
  });
});

describe('EventList', () => {
  const events = (...properties: object[]) => wallOf({ '/collections/events/items': { features: properties.map((values, i) => ({ id: i + 1, geometry: { type: 'Point', coordinates: [114.3, 30.56] }, properties: values })) } });

  it('words an event as the catalogue does, and marks it while it is new', async () => {
    const wall = events({ category: 'noise', stage: 'reported', community: '420106001005' });
    wall.marked.value = new Map([[1, wall.now.value]]);
    const host = show(<EventList wall={wall} />);
    await until(() => expect(texts(host, '.event.new .event-title')).toEqual(['噪声扰民']));
    await until(() => expect(texts(host, '.event-more > span, .event-more > em')).toEqual(['四清里', '上报']));
    wall.now.value += 20_000;
    await until(() => expect(texts(host, '.event.new')).toEqual([]));
  });

  it('steps back what is done', async () => {
    const host = show(<EventList wall={events({ title: '甲', stage: 'closed' }, { title: '乙', stage: 'reported' }, { title: '丙', stage: 'cancelled' })} />);
    await until(() => expect(texts(host, '.event.done .event-title')).toEqual(['甲', '丙']));
  });

  it('shows a title as text, whatever it looks like', async () => {
    const host = show(<EventList wall={events({ title: '<i>x</i>' })} />);
    await until(() => expect(texts(host, '.event-title')).toEqual(['<i>x</i>']));
  });

  it('leads to the place of an event, with its card', async () => {
    const wall = events({ title: '甲', severity: 'high' });
    const map = mapOf(wall);
    const host = show(<EventList wall={wall} />);
    await until(() => click(host, '.event-body'));
    expect(map.flash).toHaveBeenCalledWith([114.3, 30.56], 'high');
    expect(map.card).toHaveBeenCalledOnce();
  });

  it('says that it is narrowed to a level, and is widened by that', async () => {
    const wall = events();
    wall.pickLevel(3);
    const host = show(<EventList wall={wall} />);
    expect(texts(host, '.panel-note')).toEqual(['只看 3 级 ✕']);
    click(host, '.panel-note button');
    await until(() => expect(texts(host, '.panel-note')).toEqual(['']));
    expect(location.hash).toBe('');
  });

  it('says that there are no events only when that was answered', async () => {
    const wall = events();
    const host = show(<EventList wall={wall} />);
    expect(texts(host, '.note')).toEqual([]);
    await until(() => expect(texts(host, '.note')).toEqual(['没有事件']));
  });
});
