import { signal } from '@preact/signals';
import { describe, expect, it, vi } from 'vitest';
import { Client, TokenStore } from '../service/client';
import type { Change } from '../service/data';
import { Feed, feedPath } from './feed';
import type { Narrow } from './figures';

const feature = (id: number, hour: number, level = 1, community = 'c1'): unknown => ({
  type: 'Feature', id, geometry: { type: 'Point', coordinates: [114.3, 30.56] },
  properties: { title: `event ${id}`, level, community, reported_at: `2017-12-01T${String(hour).padStart(2, '0')}:00:00Z` },
});

/** A service whose events are a table by id. */
class Service extends Client {
  readonly asked: string[] = [];

  constructor(readonly events: Map<number, unknown>) {
    super(new TokenStore(undefined, undefined), () => undefined);
  }

  override json(path: string): Promise<unknown> {
    this.asked.push(path);
    const words = new URL(path, 'http://x').searchParams;
    const ids = words.get('id')?.split(',').map(Number);
    const all = [...this.events].filter(([id]) => !ids || ids.includes(id)).map(([, e]) => e);
    return Promise.resolve({ features: (ids ? all : all.reverse()).slice(0, Number(words.get('limit'))), numberMatched: all.length });
  }
}

const change = (id: number, op: string): Change => ({ layer: 'events', id, op, bounds: [] });

async function setUp(hours: number[], narrow: Narrow = {}): Promise<{ service: Service; feed: Feed; ids: () => number[] }> {
  const service = new Service(new Map(hours.map((hour, i) => [i + 1, feature(i + 1, hour)])));
  const feed = new Feed(service, signal(narrow), signal(feedPath(narrow)), signal(0));
  await vi.waitFor(() => expect(feed.items.value).toBeDefined());
  service.asked.length = 0;
  return { service, feed, ids: () => (feed.items.value ?? []).map((e) => e.id) };
}

describe('Feed', () => {
  it('puts a new event where its time belongs and tells of it', async () => {
    const { service, feed, ids } = await setUp([1, 3]);
    service.events.set(7, feature(7, 2));
    const news = await feed.take([change(7, 'insert')]);
    expect(ids()).toEqual([2, 7, 1]);
    expect(news.fresh.map((e) => e.id)).toEqual([7]);
  });

  it('renews an event of the list, but does not bring an old one in', async () => {
    const { service, feed, ids } = await setUp([1, 2]);
    service.events.set(1, feature(1, 5));
    service.events.set(9, feature(9, 0));
    expect(await feed.take([change(1, 'update'), change(9, 'update')])).toEqual({ fresh: [], more: 0 });
    expect(ids()).toEqual([1, 2]);
  });

  it('drops what was deleted, also when it was new in the same breath', async () => {
    const { service, feed, ids } = await setUp([1, 2]);
    const news = await feed.take([change(2, 'delete'), change(8, 'insert'), change(8, 'delete')]);
    expect(ids()).toEqual([1]);
    expect(news.fresh).toEqual([]);
    expect(service.asked).toEqual([]);
  });

  it('passes over an event that the caller may not see', async () => {
    const { feed, ids } = await setUp([1]);
    expect((await feed.take([change(99, 'insert')])).fresh).toEqual([]);
    expect(ids()).toEqual([1]);
  });

  it('tells of an event elsewhere or of another level, but does not list it', async () => {
    const { service, feed, ids } = await setUp([1], { level: 1, scope: 'c1' });
    service.events.set(5, feature(5, 4, 4));
    service.events.set(6, feature(6, 4, 1, 'c2'));
    service.events.set(7, feature(7, 4));
    expect((await feed.take([5, 6, 7].map((id) => change(id, 'insert')))).fresh).toHaveLength(3);
    expect(ids()).toEqual([7, 1]);
  });

  it('looks at many in one question, and counts those that are too many', async () => {
    const { service, feed, ids } = await setUp([1]);
    for (let id = 10; id < 260; id++) service.events.set(id, feature(id, 4));
    const news = await feed.take([...service.events.keys()].map((id) => change(id, 'insert')));
    expect(news.fresh.length + news.more).toBe(251);
    expect(service.asked).toHaveLength(1);
    expect(ids()).toHaveLength(30);
  });
});
