import { describe, expect, it } from 'vitest';
import { readCollections, readItem, readNews, readPage, readReadiness, valueNumber, valueText, valueTime } from './data';

describe('what the service answers', () => {
  it('reads layers with extent and the titles of their codes', () => {
    const body = {
      collections: [
        {
          id: 'events', title: '事件', count: 7, extent: { spatial: { bbox: [[114, 30, 115, 31]] } },
          fields: [{ name: 'stage', codes: [{ value: 'closed', title: { zh: '结案', en: 'Closed' } }] }, { name: 'title' }],
        },
        { id: 'bare' },
      ],
    };
    const [events, bare] = readCollections(body, 'zh');
    expect(events).toMatchObject({ id: 'events', title: '事件', count: 7, extent: [114, 30, 115, 31] });
    expect(events?.codes.get('stage')?.get('closed')).toBe('结案');
    expect(events?.codes.has('title')).toBe(false);
    expect([...(events?.fields ?? [])]).toEqual([['stage', 'stage'], ['title', 'title']]);
    expect(bare).toEqual({ id: 'bare', title: 'bare', count: 0, fields: new Map(), codes: new Map() });
  });

  it('reads a page and its features', () => {
    const feature = { type: 'Feature', id: 5, geometry: { type: 'Point', coordinates: [114.3, 30.5] }, properties: { title: 'x', level: 3, reported_at: '2017-12-01T04:00:00Z' } };
    const page = readPage({ features: [feature, { id: 'none' }], numberMatched: 40 });
    expect(page.matched).toBe(40);
    expect(page.items).toHaveLength(1);
    const item = page.items[0];
    if (!item) return;
    expect(item.point).toEqual([114.3, 30.5]);
    expect([valueText(item, 'title'), valueText(item, 'level'), valueText(item, 'none')]).toEqual(['x', '3', '']);
    expect([valueNumber(item, 'level'), valueNumber(item, 'title')]).toEqual([3, undefined]);
    expect([valueTime(item, 'reported_at'), valueTime(item, 'title')]).toEqual([Date.UTC(2017, 11, 1, 4), undefined]);
  });

  it('knows the box around any geometry', () => {
    const rings = [[[1, 9], [4, 2], [3, 5]], [[2, 3], [2, 4]]];
    expect(readItem({ id: 1, geometry: { type: 'Polygon', coordinates: rings } })?.bounds).toEqual([1, 2, 4, 9]);
    expect(readItem({ id: 1, geometry: { type: 'Polygon', coordinates: rings } })?.positions).toHaveLength(5);
    expect(readItem({ id: 1, geometry: null })?.bounds).toBeUndefined();
  });

  it('reads changes with all their bounds', () => {
    const data = '{"seq":9,"at":"2017-12-01T04:00:00.5Z","age_seconds":0.25,"changes":[{"layer":"events","id":5,"op":"update","bounds":[[1,2,3,4],[5,6,7,8],[1]]}]}';
    expect(readNews(data)).toEqual({
      seq: 9, at: Date.UTC(2017, 11, 1, 4, 0, 0, 500), age: 0.25,
      changes: [{ layer: 'events', id: 5, op: 'update', bounds: [[1, 2, 3, 4], [5, 6, 7, 8]] }],
    });
  });

  it('reads how the service is, and of when its copy is', () => {
    const body = { status: 'degraded', reason: 'away', age_seconds: 3.5, copy: '2026-11-26T21:00:00+08:00' };
    expect(readReadiness(body)).toEqual({ status: 'degraded', reason: 'away', age: 3.5, copy: Date.UTC(2026, 10, 26, 13) });
    expect(readReadiness({ ...body, copy: 'yesterday' })).toEqual({ status: 'degraded', reason: 'away', age: 3.5 });
  });

  it('survives anything', () => {
    for (const bad of [null, 7, 'x', [], { collections: 3 }, { features: {} }]) {
      expect(readCollections(bad, 'zh')).toEqual([]);
      expect(readPage(bad)).toEqual({ items: [], matched: 0 });
      expect(readReadiness(bad)).toEqual({ status: 'ready', reason: '', age: 0 });
    }
    expect(readItem({ id: 'five' })).toBeUndefined();
    expect(readNews('not json').changes).toEqual([]);
  });
});
