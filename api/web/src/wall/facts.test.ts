import { describe, expect, it } from 'vitest';
import { Client, MissingError, TokenStore } from '../service/client';
import type { Change } from '../service/data';
import { Facts } from './facts';

const feature = (id: number, hour: number, level = 1): unknown => ({
  type: 'Feature', id, geometry: { type: 'Point', coordinates: [114.3, 30.56] },
  properties: { title: `event ${id}`, level, reported_at: `2017-12-01T${String(hour).padStart(2, '0')}:00:00Z` },
});

/** A service with two layers, whose events are a table by id. */
class Service extends Client {
  readonly asked: string[] = [];

  constructor(readonly events: Map<number, unknown>) {
    super(new TokenStore(undefined, undefined), () => undefined);
  }

  override json(path: string): Promise<unknown> {
    this.asked.push(path);
    const url = new URL(path, 'http://x');
    if (url.pathname === '/style.json') return Promise.resolve({ version: 8, sources: {}, layers: [] });
    if (url.pathname === '/collections') return Promise.resolve({ collections: [{ id: 'communities', count: 1 }, { id: 'events', count: this.events.size }] });
    if (url.pathname === '/collections/communities/items') return Promise.resolve({ features: [{ id: 1, properties: { code: 'c1', name: '新河社区' } }] });
    if (url.pathname === '/collections/events/items') {
      return Promise.resolve({ features: [...this.events.values()].reverse().slice(0, Number(url.searchParams.get('limit'))), numberMatched: this.events.size });
    }
    const found = this.events.get(Number(url.pathname.split('/').at(-1)));
    return found ? Promise.resolve(found) : Promise.reject(new MissingError(404, path));
  }
}

const change = (id: number, op: string): Change => ({ layer: 'events', id, op, bounds: [] });

async function setUp(hours: number[]): Promise<{ service: Service; facts: Facts; ids: () => number[] }> {
  const service = new Service(new Map(hours.map((hour, i) => [i + 1, feature(i + 1, hour)])));
  const facts = new Facts(service);
  await facts.loadGround('zh', () => true);
  await facts.loadEvents(undefined);
  return { service, facts, ids: () => (facts.events ?? []).map((e) => e.id) };
}

describe('Facts', () => {
  it('knows layers and areas', async () => {
    const { facts } = await setUp([1]);
    expect([facts.sees('events'), facts.sees('responders')]).toEqual([true, false]);
    expect([facts.area('c1'), facts.area('c9')]).toEqual(['新河社区', 'c9']);
  });

  it('takes nothing that is no longer wanted', async () => {
    const facts = new Facts(new Service(new Map()));
    expect(await facts.loadGround('zh', () => false)).toBe(false);
    expect(facts.collections).toEqual([]);
  });

  it('puts a new event where its time belongs and tells of it', async () => {
    const { service, facts, ids } = await setUp([1, 3]);
    service.events.set(7, feature(7, 2));
    const news = await facts.take([change(7, 'insert')], undefined);
    expect(ids()).toEqual([2, 7, 1]);
    expect(news.fresh.map((e) => e.id)).toEqual([7]);
  });

  it('renews an event of the list, but does not bring an old one in', async () => {
    const { service, facts, ids } = await setUp([1, 2]);
    service.events.set(1, feature(1, 5));
    service.events.set(9, feature(9, 0));
    const news = await facts.take([change(1, 'update'), change(9, 'update')], undefined);
    expect(ids()).toEqual([1, 2]);
    expect(news).toEqual({ fresh: [], flood: 0 });
  });

  it('drops what was deleted, also when it was new in the same breath', async () => {
    const { facts, service, ids } = await setUp([1, 2]);
    service.asked.length = 0;
    const news = await facts.take([change(2, 'delete'), change(8, 'insert'), change(8, 'delete')], undefined);
    expect(ids()).toEqual([1]);
    expect(news.fresh).toEqual([]);
    expect(service.asked).toEqual([]);
  });

  it('passes over an event that the caller may not see', async () => {
    const { facts, ids } = await setUp([1]);
    expect((await facts.take([change(99, 'insert')], undefined)).fresh).toEqual([]);
    expect(ids()).toEqual([1]);
  });

  it('keeps another level out of a list of one level', async () => {
    const { service, facts, ids } = await setUp([1]);
    service.events.set(5, feature(5, 4, 4));
    expect((await facts.take([change(5, 'insert')], 1)).fresh).toHaveLength(1);
    expect(ids()).toEqual([1]);
  });

  it('fetches a flood as one list', async () => {
    const { service, facts, ids } = await setUp([1]);
    for (let id = 10; id < 60; id++) service.events.set(id, feature(id, 4));
    service.asked.length = 0;
    const news = await facts.take([...service.events.keys()].map((id) => change(id, 'insert')), undefined);
    expect(news).toEqual({ fresh: [], flood: 51 });
    expect(service.asked).toHaveLength(1);
    expect(ids()).toHaveLength(30);
  });
});
