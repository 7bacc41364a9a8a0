import { expect, it } from 'vitest';
import { Areas } from './areas';
import { readGroups, sumUp } from './groups';

const item = (values: Record<string, unknown>) => ({ id: 1, positions: [], values });

it('reads counts by kind', () => {
  expect(readGroups({ groups: [{ key: ['noise'], title: [{ zh: '噪声', en: 'Noise' }], count: 3 }] })).toEqual([{ key: 'noise', title: { zh: '噪声', en: 'Noise' }, count: 3 }]);
  expect(readGroups({})).toEqual([]);
  expect(readGroups(undefined)).toEqual([]);
});

it('sums counts up the tree of areas, and passes over what lies in none', () => {
  const areas = new Areas({
    communities: [item({ code: 'c1' })],
    zones: [item({ code: 'z1', community: 'c1' })],
    grids: [item({ code: 'g1', community: 'c1', zone: 'z1' }), item({ code: 'g2', community: 'c1', zone: 'z1' })],
  });
  const title = { zh: '', en: '' };
  const sums = sumUp([{ key: 'g1', title, count: 2 }, { key: 'g2', title, count: 3 }, { key: '', title, count: 9 }], areas);
  expect([...sums]).toEqual([['c1', 5], ['z1', 5], ['g1', 2], ['g2', 3]]);
});
