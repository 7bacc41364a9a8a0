import { describe, expect, it } from 'vitest';
import { Client, TokenStore } from '../service/client';
import { countPath, latestPath, loadFigures } from './figures';

/** A client that answers every question out of a table of conditions. */
class Answers extends Client {
  readonly asked: string[] = [];

  constructor(private readonly answer: (q: URLSearchParams) => unknown) {
    super(new TokenStore(undefined, undefined), () => undefined);
  }

  override json(path: string): Promise<unknown> {
    this.asked.push(path);
    return Promise.resolve(this.answer(new URL(path, 'http://x').searchParams));
  }
}

const newest = { type: 'Feature', id: 1, geometry: null, properties: { reported_at: '2017-12-01T15:00:00+08:00' } };

describe('figures', () => {
  it('writes its questions in the grammar of items', () => {
    expect(countPath({ level: '3', stage: 'filed,closed' })).toBe('/collections/events/items?limit=1&properties=code&level=3&stage=filed%2Cclosed');
    expect(latestPath(9)).toBe('/collections/events/items?sortby=-reported_at&limit=9');
    expect(latestPath(9, { level: 4, scope: '420106001005' })).toBe('/collections/events/items?sortby=-reported_at&limit=9&level=4&scope=420106001005');
  });

  it('counts the open ones by level, and all of the seven days that end with the newest event', async () => {
    const counts = (by: Record<string, number>): unknown => ({ groups: Object.entries(by).map(([key, count]) => ({ key: [key], title: [{}], count })) });
    const client = new Answers((q) => {
      if (q.get('sortby')) return { features: [newest], numberMatched: 900 };
      if (q.get('by') === 'level') return counts({ 1: 10, 3: 30 });
      if (q.get('by') === 'day') return counts({ '2017-11-25': 1, '2017-12-01': 5 });
      return { features: [], numberMatched: 33 };
    });
    const figures = await loadFigures(client);
    expect(figures.total).toBe(900);
    expect(figures.open).toEqual([10, 0, 30, 0, 0]);
    expect(figures.days.map((d) => d.count)).toEqual([1, 0, 0, 0, 0, 0, 5]);
    expect(figures.closedOfDays).toBe(33);
    expect(new Date(figures.newest ?? 0).toISOString()).toBe('2017-12-01T07:00:00.000Z');
  });

  it('has no days without events', async () => {
    const figures = await loadFigures(new Answers(() => ({ features: [], numberMatched: 0 })));
    expect(figures).toEqual({ total: 0, open: [0, 0, 0, 0, 0], days: [], closedOfDays: 0 });
  });
});
