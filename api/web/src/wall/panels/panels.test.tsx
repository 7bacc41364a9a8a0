// @vitest-environment happy-dom
import { render, type ComponentChild } from 'preact';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Drawer } from '../drawer';
import { eventOf, wallOf } from '../testing';
import { AlarmPanel } from './alarms';
import { EventList } from './events';
import { KpiPanel } from './kpis';
import { PartsPanel } from './parts';
import { Situation } from './situation';

let host: HTMLElement;
const show = (node: ComponentChild): void => render(node, host);
const until = (check: () => void) => vi.waitFor(check);
const texts = (selector: string): (string | null)[] => [...host.querySelectorAll(selector)].map((e) => e.textContent);

beforeEach(() => (host = document.body.appendChild(document.createElement('div'))));
afterEach(() => {
  render(null, host);
  host.remove();
});

const figure = (id: string, value: number | null, more: object = {}) => ({
  id, title: { zh: id, en: id }, unit: 'count', value, numerator: value ?? 0, denominator: 40, baseline: { value: 10 }, change: { relative: 20 }, better: 'down', formula: { zh: '数一数', en: 'count' }, small: false, records: '/collections/events/items?stage=reported', ...more,
});

describe('KpiPanel', () => {
  const answers = { '/analytics/kpi': { period: { start: '2017-12-02', end: '2017-12-31' }, kpis: [figure('a', 12), figure('b', 3, { small: true }), figure('c', null)] } };

  it('says of each figure whether its change is good, chance or not known', async () => {
    const wall = wallOf(answers);
    show(<KpiPanel wall={wall} />);
    await until(() => expect(texts('.kpi-change')).toEqual(['▲ 20.0%', '小样本', '无数据']));
    expect(host.querySelector('.kpi-change')?.className).toContain('bad');
  });

  it('opens the formula and the records of a figure', async () => {
    const wall = wallOf({ ...answers, '/collections/events/items?stage': { features: [{ id: 7, geometry: null, properties: { title: '第七件' } }], numberMatched: 12 } });
    show(<><KpiPanel wall={wall} /><Drawer wall={wall} /></>);
    await until(() => expect(host.querySelector('[data-kpi=a]')).not.toBeNull());
    host.querySelector<HTMLButtonElement>('[data-kpi=a]')?.click();
    await until(() => expect(texts('.drawer .event-title')).toEqual(['第七件']));
    expect(host.querySelector('.explained')?.textContent).toContain('数一数');
    expect(location.hash).toBe('#kpi=a');
  });
});

describe('PartsPanel', () => {
  it('ranks small numbers after the others, however high', async () => {
    const part = (code: string, rate: number, small: boolean) => ({ code, name: code, kpis: [{ id: 'per_1000_households', value: rate, small }] });
    const wall = wallOf({ '/analytics/kpi': { areas: [part('420106001005', 3, false), part('42010600100501', 9, true), part('', 1, true)] } });
    show(<PartsPanel wall={wall} />);
    await until(() => expect(texts('.part strong')).toEqual(['3.00', '9.00']));
  });
});

describe('Situation', () => {
  it('shows a dash for what is not known, and narrows the list by a level', async () => {
    const wall = wallOf();
    show(<Situation wall={wall} />);
    expect(texts('.figure')).toEqual(['—']);
    host.querySelector<HTMLButtonElement>('.level-4')?.click();
    expect(wall.address.state.value.level).toBe(4);
    await until(() => expect(host.querySelector('.level-4')?.getAttribute('aria-pressed')).toBe('true'));
  });
});

describe('EventList', () => {
  it('words an event as the catalogue does, and marks it while it is new', async () => {
    const wall = wallOf({ '/collections/events/items': { features: [{ id: 1, geometry: null, properties: { category: 'noise', stage: 'reported', community: '420106001005' } }] } });
    wall.marked.value = new Map([[1, wall.now.value]]);
    show(<EventList wall={wall} />);
    await until(() => expect(texts('.event.new .event-title')).toEqual(['噪声扰民']));
    await until(() => expect(texts('.event-more > span')).toEqual(['四清里']));
    expect(texts('.event-more > em')).toEqual(['上报']);
  });
});

describe('AlarmPanel', () => {
  it('is not there while there is nothing to see', () => {
    show(<AlarmPanel wall={wallOf()} />);
    expect(host.textContent).toBe('');
  });

  it('tells a flood by place and kind, and lets it all be seen', async () => {
    const wall = wallOf();
    show(<AlarmPanel wall={wall} />);
    wall.alarms.add(Array.from({ length: 12 }, (_, i) => eventOf(i)), 0);
    await until(() => expect(texts('.flood .alarm strong')).toEqual(['四清里 12 起 噪声扰民']));
    host.querySelector<HTMLButtonElement>('.alarm-foot button:last-child')?.click();
    await until(() => expect(host.querySelector('.alarm')).toBeNull());
  });
});
