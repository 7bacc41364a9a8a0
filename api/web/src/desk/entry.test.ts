import { expect, it } from 'vitest';
import { deadlineOf, featureOf, missing, severityOf } from './entry';

const draft = { title: ' ', category: '', domain: 'urban', level: 2, severity: '', source: '', deadline: '' };

it('knows what is missing', () => {
  expect(missing(draft, undefined)).toEqual({ title: 'titleNeeded', category: 'categoryNeeded', at: 'placeNeeded' });
  expect(missing({ ...draft, title: 'x', category: 'y' }, [1, 2])).toEqual({});
});

it('proposes a severity that rises with the level', () => {
  const all = ['low', 'moderate', 'high', 'critical'];
  expect([1, 2, 3, 4, 5].map((n) => severityOf(n, all))).toEqual(['low', 'low', 'moderate', 'high', 'critical']);
  expect(severityOf(3, [])).toBe('');
});

it('proposes a deadline by the level, in China\'s time', () => {
  const now = Date.parse('2026-11-27T02:30:00Z');
  expect([1, 2, 3, 5].map((n) => deadlineOf(n, now, undefined))).toEqual(['2026-11-28T10:30', '2026-11-29T10:30', '2026-12-04T10:30', '2026-11-27T11:30']);
  const weekend = ['2026-11-28', '2026-11-29', '2026-12-05', '2026-12-06'];
  const days = new Map(Array.from({ length: 20 }, (_, i) => new Date(now + i * 86_400_000).toISOString().slice(0, 10)).map((d) => [d, !weekend.includes(d)] as const));
  expect(deadlineOf(4, now, { hours: [[0, 1]], days })).toBe('2026-12-08T10:30');
});

it('sends the deadline as an instant, and nothing for none', () => {
  const sent = (deadline: string) => (featureOf({ ...draft, deadline }, [1, 2]) as { properties: Record<string, unknown> }).properties;
  expect(sent('2026-11-30T10:00')['deadline_at']).toBe('2026-11-30T02:00:00.000Z');
  expect(sent('')).not.toHaveProperty('deadline_at');
});
