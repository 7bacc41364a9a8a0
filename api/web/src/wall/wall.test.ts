// @vitest-environment happy-dom
// The controllers of the wall joined: where one goes, what is shown, what news do, what is asked.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asked, begun, eventOf, grounded, mapOf, styled, until, wallOf } from './testing';
import type { Wall } from './wall';

const state = (wall: Wall) => wall.address.state.value;

afterEach(() => vi.useRealTimers());

describe('where one goes', () => {
  it('the whole subdistrict is no scope', async () => {
    const wall = await grounded();
    wall.visit('420106001005');
    expect(location.hash).toBe('#scope=420106001005');
    wall.visit('420106001');
    expect(location.hash).toBe('');
  });

  it('a click goes down into the part that holds it, one on bare ground up', async () => {
    const wall = await grounded();
    wall.drill([115.5, 30.5]);
    expect(state(wall).scope).toBe('420106001009');
    wall.drill([115.6, 30.5]); // inside, and nothing below
    expect(state(wall).scope).toBe('420106001009');
    wall.drill([114.5, 30.5]);
    expect(state(wall).scope).toBeUndefined();
    wall.drill([10, 10]);
    expect(state(wall).scope).toBeUndefined();
  });

  it('a click goes nowhere during an incident', async () => {
    const wall = await grounded();
    wall.enter(7);
    wall.drill([115.5, 30.5]);
    expect(state(wall)).toEqual({ incident: 7 });
  });

  it('an incident puts away what is open, and leads back to the scope', async () => {
    const wall = await grounded();
    wall.address.change({ scope: '420106001005', kpi: 'a', records: 'level=4', view: { zoom: 15, lat: 30, lon: 114, bearing: 0, pitch: 0 } });
    const map = mapOf(wall);
    wall.enter(7);
    expect(location.hash).toBe('#scope=420106001005&incident=7');
    wall.back();
    expect(location.hash).toBe('#scope=420106001005');
    expect([map.close, map.place].map((f) => f.mock.calls.length)).toEqual([1, 1]);
  });

  it('back from the whole gives up a camera of one’s own', async () => {
    const wall = await grounded();
    wall.address.change({ view: { zoom: 15, lat: 30, lon: 114, bearing: 0, pitch: 0 } });
    wall.back();
    expect(location.hash).toBe('');
  });

  it('only an event is marked on the map, and can fill the wall', () => {
    const wall = wallOf();
    const map = mapOf(wall);
    wall.open(eventOf(1, { severity: 'high' }));
    wall.open(eventOf(2), 'facilities', false);
    expect(map.flash.mock.calls).toEqual([[[114.3, 30.56], 'high']]);
    expect(map.fly).toHaveBeenCalledOnce();
    const [event, facility] = map.card.mock.calls.map(([, card]) => (card as { props: { enter?: () => void } }).props);
    event?.enter?.();
    expect([state(wall).incident, facility?.enter]).toEqual([1, undefined]);
  });
});

describe('what is shown', () => {
  it('a layer that is switched while the past is played does not hide those that speak of now', () => {
    const wall = wallOf();
    styled(wall, 'events', 'grids', 'zones');
    wall.drives.playback.seek(Date.parse('2017-12-01T00:00:00+08:00'));
    expect(wall.isShown('events')).toBe(false);
    wall.toggle('grids');
    wall.drives.playback.live();
    expect(['events', 'grids', 'zones'].filter((name) => wall.isShown(name))).toEqual(['events', 'zones']);
  });

  it('a choice outlives a caller who may not see it', () => {
    const wall = wallOf({}, ['grids', 'zones']);
    styled(wall, 'events', 'grids', 'zones');
    wall.address.change({ layers: ['events', 'grids'] });
    wall.toggle('zones');
    expect(state(wall).layers).toEqual(['grids', 'zones', 'events']);
  });

  it('no heat during an incident', () => {
    const wall = wallOf();
    styled(wall, 'heat');
    expect(wall.isShown('heat')).toBe(true);
    wall.enter(7);
    expect(wall.isShown('heat')).toBe(false);
  });
});

describe('news', () => {
  const event = (id: number) => ({ '/collections/events/items?limit=1&id': { features: [{ id, geometry: { type: 'Point', coordinates: [114.3, 30.56] }, properties: { level: 4, severity: 'high', reported_at: '2017-12-01T15:00:00+08:00' } }] }, '/collections/events/items?sortby': { features: [] } });

  it('of a new event: it is listed and marked, flashes, and is an alarm', async () => {
    const { wall, tell } = await begun(event(9));
    const map = mapOf(wall);
    await until(() => expect(wall.facts.feed.items.value).toEqual([]));
    tell({ id: 9 });
    await until(() => expect(map.flash).toHaveBeenCalledWith([114.3, 30.56], 'high'));
    expect([wall.facts.feed.items.value?.map((e) => e.id), [...wall.marked.value.keys()], wall.alarms.banner.value?.item.id]).toEqual([[9], [9], 9]);
  });

  it('of an event that has changed is no alarm', async () => {
    const { wall, tell } = await begun({ ...event(9), '/collections/events/items?sortby': { features: [{ id: 9, geometry: null, properties: { title: '旧' } }] } });
    await until(() => expect(wall.facts.feed.items.value?.map((e) => e.values['title'])).toEqual(['旧']));
    tell({ id: 9, op: 'update' });
    await until(() => expect(wall.facts.feed.items.value?.map((e) => e.values['title'])).toEqual([undefined]));
    expect([wall.alarms.list.value, [...wall.marked.value]]).toEqual([[], []]);
  });

  it('does not flash where events are hidden', async () => {
    const { wall, tell } = await begun(event(9));
    styled(wall, 'events', 'grids');
    wall.address.change({ layers: ['grids'] });
    const map = mapOf(wall);
    tell({ id: 9 });
    await until(() => expect(wall.alarms.list.value).toHaveLength(1));
    expect(map.flash).not.toHaveBeenCalled();
  });

  it('is forgotten with the caller, for another may not see it', async () => {
    const { wall } = await begun();
    wall.alarms.add([eventOf(1)], 0);
    wall.connection.known.value = true;
    expect(wall.alarms.list.value).toEqual([]);
  });
});

describe('what is asked', () => {
  it('follows the scope: communities of the whole, grids of a community', () => {
    const wall = wallOf();
    const parts = () => asked.filter((path) => path.includes('&by=') && path.startsWith('/analytics/kpi')).at(-1)?.replace(/.*red_lights/, '');
    expect(parts()).toBe('&by=community');
    wall.address.change({ scope: '420106001005', level: 3 });
    expect(parts()).toBe('&scope=420106001005&by=grid');
    expect(asked).toContain('/collections/events/items?sortby=-reported_at&limit=30&level=3&scope=420106001005');
  });

  it('sums what is open in grids up to the whole', async () => {
    const wall = wallOf({ '/analytics/groups/events?by=grid': { groups: [{ key: ['420106001005001'], title: [{}], count: 3 }, { key: [null], title: [{}], count: 9 }] } });
    await until(() => expect(wall.facts.open.value?.get('420106001')).toBe(3));
    expect(wall.facts.open.value?.get('42010600100501')).toBe(3);
  });

  it('is asked again once, however much happens', async () => {
    vi.useFakeTimers();
    const wall = wallOf({ '/analytics/kpi': {}, '/analytics/groups': {}, '/collections/events/items': {} });
    await vi.advanceTimersByTimeAsync(10_000);
    asked.length = 0;
    for (let i = 0; i < 100; i++) wall.facts.soon();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.map((path) => path.replace(/[&?](closed_at|baseline|sortby).*/, '')).sort()).toEqual(['/analytics/groups/events?by=category', '/analytics/groups/events?by=grid', '/analytics/groups/events?by=level', '/analytics/kpi', '/analytics/kpi', '/collections/events/items']);
  });
});
