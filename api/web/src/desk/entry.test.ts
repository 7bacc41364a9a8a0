import { expect, it } from 'vitest';
import { missing, severityOf } from './entry';

const draft = { title: ' ', category: '', domain: 'urban', level: 2, severity: '', source: '' };

it('knows what is missing', () => {
  expect(missing(draft, undefined)).toEqual({ title: 'titleNeeded', category: 'categoryNeeded', at: 'placeNeeded' });
  expect(missing({ ...draft, title: 'x', category: 'y' }, [1, 2])).toEqual({});
});

it('proposes a severity that rises with the level', () => {
  const all = ['low', 'moderate', 'high', 'critical'];
  expect([1, 2, 3, 4, 5].map((n) => severityOf(n, all))).toEqual(['low', 'low', 'moderate', 'high', 'critical']);
  expect(severityOf(3, [])).toBe('');
});
