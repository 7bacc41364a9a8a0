import { signal, type Signal } from '@preact/signals';
import { describe, expect, it } from 'vitest';
import type { Item } from '../service/data';
import { Alarms, BANNER_MS, FLOOD_MS, FLOOD_OVER } from './alarms';

const event = (id: number, level: number, community = 'c1', category = 'noise'): Item => ({ id, positions: [], values: { level, community, category } });

const set = (): { now: Signal<number>; alarms: Alarms } => {
  const now = signal(1_000_000_000);
  return { now, alarms: new Alarms(now) };
};

describe('Alarms', () => {
  it('lets one take over at a time, the oldest first, until it is seen', () => {
    const { alarms } = set();
    alarms.add([event(1, 5), event(2, 4), event(3, 5)], 0);
    expect(alarms.queue.value.map((a) => a.item.id)).toEqual([1, 3]);
    alarms.see([1]);
    expect(alarms.queue.value.map((a) => a.item.id)).toEqual([3]);
  });

  it('announces level 4 for a while', () => {
    const { alarms, now } = set();
    alarms.add([event(1, 3), event(2, 4)], 0);
    expect(alarms.banner.value?.item.id).toBe(2);
    now.value += BANNER_MS;
    expect(alarms.banner.value).toBeUndefined();
  });

  it('calls more than ten in ten minutes a flood, and stops when they are past', () => {
    const { alarms, now } = set();
    alarms.add(Array.from({ length: FLOOD_OVER }, (_, i) => event(i, 4)), 0);
    expect(alarms.flood.value).toBe(false);
    alarms.add([], 1);
    expect([alarms.flood.value, alarms.rate.value, alarms.banner.value]).toEqual([true, FLOOD_OVER + 1, undefined]);
    now.value += FLOOD_MS;
    expect([alarms.flood.value, alarms.rate.value]).toEqual([false, 0]);
  });

  it('groups what was not seen by place and kind', () => {
    const { alarms } = set();
    alarms.add([event(1, 1), event(2, 2), event(3, 1, 'c2'), event(4, 3, 'c2', 'theft'), event(5, 1)], 0);
    alarms.see([5]);
    expect(alarms.groups().map((g) => [g.area, g.category, g.level, g.count])).toEqual([['c2', 'theft', 3, 1], ['c1', 'noise', 2, 2], ['c2', 'noise', 1, 1]]);
  });

  it('holds no more than it can show', () => {
    const { alarms } = set();
    for (let i = 0; i < 50; i++) alarms.add(Array.from({ length: 20 }, (_, k) => event(i * 20 + k, 1)), 100);
    expect(alarms.list.value.length).toBe(200);
    expect(alarms.rate.value).toBe(1000);
  });
});
