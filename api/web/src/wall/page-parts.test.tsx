// @vitest-environment happy-dom
// What frames the map: the head, the way down, alarms in their three forms, and who covers what.
import { describe, expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import { Crumbs } from './crumbs';
import { DutyStrip } from './duty-strip';
import { Head } from './head';
import { Notices } from './notices';
import { AlarmPanel } from './panels/alarms';
import { Takeover } from './takeover';
import { click, eventOf, mapOf, PUBLIC, texts, until, wallOf } from './testing';
import type { Wall } from './wall';

const show = stage();
const press = (key: string) => new KeyboardEvent('keydown', { key, cancelable: true });
const at = (text: string): number => Date.parse(`${text}+08:00`);

describe('Head', () => {
  const head = (wall: Wall, more: { apart?: boolean; ask?: () => void } = {}): HTMLElement => show(<Head wall={wall} title={50} apart={more.apart ?? false} ask={more.ask ?? (() => undefined)} />);
  const button = (host: HTMLElement, text: string) => [...host.querySelectorAll('button')].find((b) => b.textContent === text);

  it('says whose map it is, and China’s time', async () => {
    const wall = wallOf();
    wall.now.value = at('2017-12-01T23:05:12');
    const host = head(wall);
    await until(() => expect(texts(host, 'h1, .clock, .date')).toEqual(['23:05:12', '2017-12-01 星期五', '积玉桥 一张图']));
    wall.switchLang();
    await until(() => expect(texts(host, 'h1, .clock, .date')).toEqual(['23:05:12', '2017-12-01 Friday', '积玉桥 One Map']));
  });

  it('says whether what is shown may be believed', async () => {
    const wall = wallOf();
    wall.now.value = at('2017-12-01T12:00:30');
    const host = head(wall);
    expect(texts(host, '[role=status]')).toEqual(['连接中']);
    wall.connection.health.value = { kind: 'stale', age: 30_000, since: 0 };
    await until(() => expect(texts(host, '[role=status][data-kind=stale] > :not(i)')).toEqual(['数据停滞', '自 12:00:00 起 (30 秒)']));
  });

  it('says how old each kind of fact is, and which are too old', async () => {
    const grid = { type: 'Feature', id: 1, geometry: null, properties: { code: '420106001005001', valid_from: '2017-06-01' } };
    const wall = wallOf({ '/collections/grids/items': { features: [grid] }, '/collections/events/items?sortby': { features: [{ id: 1, properties: { reported_at: '2017-12-01T11:00:00+08:00' } }] }, '/collections/events/items?limit=1&': {}, '/analytics/groups/events': {} });
    wall.now.value = at('2017-12-01T12:00:00');
    wall.facts.duty.responders.value = new Map([1, 2].map((id) => [id, { id, at: [114.3, 30.56], title: '', zone: '', busy: false, fixed: at('2017-12-01T11:43:00') - id * 60_000 }]));
    const host = head(wall);
    await until(() => expect(texts(host, '.ages span')).toEqual(['事件 1 小时前', '定位 18 分钟前', '界线 2017-06-01']));
    expect(texts(host, '.ages .old')).toEqual(['定位 18 分钟前']);
  });

  it('says that this is what everyone may see, and asks for a token', () => {
    const ask = vi.fn();
    const host = head(wallOf({}, PUBLIC), { ask });
    button(host, '公开视图 · public view')?.click();
    expect(ask).toHaveBeenCalledOnce();
  });

  it('says that a token was refused', async () => {
    const wall = wallOf({}, PUBLIC);
    const host = head(wall);
    wall.connection.refused.value = true;
    await until(() => expect(texts(host, '.badge.refused')).toEqual(['令牌已失效']));
  });

  it('asks for no token where there is one', () => {
    const wall = wallOf();
    wall.connection.known.value = true;
    expect(texts(head(wall), '.badge')).toEqual([]);
  });

  it('leaves the map alone by a button, and brings all back', async () => {
    const host = head(wallOf());
    button(host, '只看地图')?.click();
    expect(location.hash).toBe('#hide=all');
    await until(() => expect(button(host, '只看地图')?.getAttribute('aria-pressed')).toBe('true'));
    button(host, '只看地图')?.click();
    expect(location.hash).toBe('');
  });

  it('opens the layers by a button only where no column has room for them', async () => {
    const wall = wallOf();
    expect(button(head(wall), '图层与图面')).toBeUndefined();
    button(head(wall, { apart: true }), '图层与图面')?.click();
    expect(location.hash).toBe('#menu=1');
  });

  it('changes to the other language and back, each by its own name', async () => {
    const wall = wallOf();
    const host = head(wall);
    button(host, 'English')?.click();
    await until(() => expect(button(host, '中文')?.lang).toBe('zh-CN'));
    button(host, '中文')?.click();
    expect(wall.lang.value).toBe('zh');
  });
});

describe('Crumbs', () => {
  it('leads from the subdistrict down to the scope and back', async () => {
    const wall = wallOf();
    const host = show(<Crumbs wall={wall} />);
    wall.visit('420106001005001');
    await until(() => expect(texts(host, 'li')).toEqual(['积玉桥街道', '四清里社区', '四清里片区一', '四清里001网格']));
    click(host, '.crumb-back');
    await until(() => expect(texts(host, '[aria-current]')).toEqual(['四清里片区一']));
    expect(wall.address.state.value.scope).toBe('42010600100501');
  });
});

describe('Takeover', () => {
  it('shows one event of the highest level after the other, each until it is seen', async () => {
    const wall = wallOf();
    const host = show(<Takeover wall={wall} />);
    wall.alarms.add([eventOf(1, { level: 5 }), eventOf(2, { level: 4 }), eventOf(3, { level: 5 })], 0);
    await until(() => expect(texts(host, 'h2')).toEqual(['事件 1']));
    expect(host.textContent).toContain('另有 1 件等待');
    await until(() => {
      wall.keys.press(press('Enter'));
      expect(texts(host, 'h2')).toEqual(['事件 3']);
    });
    await until(() => {
      wall.keys.press(press('Escape'));
      expect(texts(host, '.takeover')).toEqual([]);
    });
  });
});

describe('Notices', () => {
  it('announces level 4, and trouble before it', async () => {
    const wall = wallOf();
    const host = show(<Notices wall={wall} />);
    wall.alarms.add([eventOf(1, { level: 4 })], 0);
    wall.connection.trouble.value = '数据库无法连接';
    await until(() => expect([...host.querySelectorAll('[role=alert]')].map((e) => e.className)).toEqual(['trouble', 'notice alarm']));
    expect(texts(host, '.trouble')).toEqual(['降级运行: 数据库无法连接']);
  });

  it('says what came and where, as text, and leads there', async () => {
    const wall = wallOf();
    const map = mapOf(wall);
    wall.switchLang();
    const host = show(<Notices wall={wall} />);
    wall.alarms.add([eventOf(1, { level: 4, title: '<b>火</b>' })], 0);
    await until(() => expect(texts(host, '.notice')).toEqual(['New event · Level 4 · <b>火</b> · 四清里社区']));
    click(host, '.notice button');
    expect(map.fly).toHaveBeenCalledOnce();
  });

  it('is quiet again after twenty seconds, and in a flood', async () => {
    const wall = wallOf();
    const host = show(<Notices wall={wall} />);
    wall.alarms.add([eventOf(1, { level: 4 })], 0);
    await until(() => expect(texts(host, '.notice')).toHaveLength(1));
    wall.now.value += 20_000;
    await until(() => expect(texts(host, '.notice')).toEqual([]));
    wall.alarms.add([eventOf(2, { level: 4 })], 20);
    await until(() => expect(wall.alarms.flood.value).toBe(true));
    expect(texts(host, '.notice')).toEqual([]);
  });
});

describe('AlarmPanel', () => {
  it('is there while something was not seen, and where there is room always', () => {
    const wall = wallOf();
    expect(show(<AlarmPanel wall={wall} />).textContent).toBe('');
    expect(texts(show(<AlarmPanel wall={wall} always />), 'h2, .panel-note')).toEqual(['告警', '近 10 分钟无新事件']);
  });

  it('lists the newest first with their places and ages, each until it is seen; the record is not changed', async () => {
    const wall = wallOf();
    const host = show(<AlarmPanel wall={wall} />);
    wall.alarms.add([eventOf(1, { community: '' })], 0);
    wall.now.value += 90_000;
    wall.alarms.add([eventOf(2, { level: 3 })], 0);
    await until(() => expect(texts(host, '.alarm-body')).toEqual(['事件 2四清里社区 · 刚刚', '事件 1辖区外 · 1 分钟前']));
    expect(texts(host, '.panel-note, .alarm-foot span')).toEqual(['近 10 分钟 2 件', '只记在本屏,不改事件']);
    const sent = vi.spyOn(globalThis, 'fetch');
    click(host, '.alarm .quiet');
    await until(() => expect(texts(host, '.alarm strong')).toEqual(['事件 1']));
    expect(sent).not.toHaveBeenCalled();
    sent.mockRestore();
  });

  it('leads from an alarm to its place', async () => {
    const wall = wallOf();
    const map = mapOf(wall);
    const host = show(<AlarmPanel wall={wall} />);
    wall.alarms.add([eventOf(1)], 0);
    await until(() => click(host, '.alarm-body'));
    expect(map.card).toHaveBeenCalledOnce();
  });

  it('switches the sound on and off', async () => {
    const wall = wallOf();
    const host = show(<AlarmPanel wall={wall} />);
    wall.alarms.add([eventOf(1)], 0);
    await until(() => click(host, '[aria-pressed=false]'));
    expect(location.hash).toBe('#sound=1');
    await until(() => click(host, '[aria-pressed=true]'));
    expect(location.hash).toBe('');
  });

  it('tells a flood by place and kind, with the rate, and lets it all be seen', async () => {
    const wall = wallOf();
    const host = show(<AlarmPanel wall={wall} />);
    wall.alarms.add([...Array.from({ length: 11 }, (_, i) => eventOf(i)), eventOf(11, { community: '', level: 4 })], 8);
    await until(() => expect(texts(host, '.flood .alarm strong')).toEqual(['辖区外 1 起 噪声扰民', '四清里 11 起 噪声扰民']));
    expect(texts(host, 'h2, .panel-note')).toEqual(['集中告警', '近 10 分钟 20 件']);
    click(host, '.alarm-foot button:last-child');
    await until(() => expect(texts(host, '.alarm')).toEqual([]));
  });

  it('opens the records of a place and kind of a flood', async () => {
    const wall = wallOf();
    const host = show(<AlarmPanel wall={wall} />);
    wall.alarms.add(Array.from({ length: 12 }, (_, i) => eventOf(i, i < 2 ? { community: '' } : {})), 0);
    await until(() => click(host, '.flood li:last-child .alarm-body'));
    expect(new URLSearchParams(wall.address.state.value.records).get('id')?.split(',')).toEqual(['1', '0']);
  });
});

describe('DutyStrip', () => {
  it('names the zones that nobody covers, and goes there', async () => {
    const wall = wallOf();
    wall.facts.duty.responders.value = new Map();
    const host = show(<DutyStrip wall={wall} foot={[{ x: 0, width: 90 }]} />);
    await until(() => expect(host.querySelector('.duty-zone.hole')?.getAttribute('aria-label')).toContain('四清里片区一: 无人'));
    expect(host.textContent).toContain('1 处空缺');
    click(host, '.duty-zone');
    expect(wall.address.state.value.scope).toBe('42010600100501');
  });
});
