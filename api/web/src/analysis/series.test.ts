import { describe, expect, it } from 'vitest';
import { readGroups } from './ask';
import { readLayers } from './schema';
import { bucketStart, entriesOf, pairs, timeEntries } from './series';

const code = (value: string) => ({ value, title: { zh: value, en: value } });
const [layer] = readLayers({
  collections: [{ id: 'events', fields: [{ name: 'level', type: 'int' }, { name: 'stage', type: 'enum', codes: [code('reported'), code('closed')] }, { name: 'category', type: 'enum', codes: Array.from({ length: 20 }, (_, i) => code(`c${i}`)) }] }],
});
if (!layer) throw new Error('no layer');
const naming = { layer, lang: 'en' as const, areaName: (c: string) => `area ${c}` };
const groups = (...list: [string, number][]) => readGroups({ matched: 9, groups: list.map(([key, count]) => ({ key: [key], title: [{ zh: key, en: key }], count })) });

describe('the groups of a field', () => {
  it('stand in the order of its codes or numbers when they are few, nothing last', () => {
    expect(entriesOf(groups(['closed', 9], ['null()', 2], ['reported', 1]), 'stage', naming).map((e) => e.name)).toEqual(['reported', 'closed', '(none)']);
    expect(entriesOf(groups(['10', 9], ['2', 1]), 'level', naming).map((e) => e.key)).toEqual(['2', '10']);
    expect(entriesOf(groups(['10', 9], ['2', 1]), 'hour', naming).map((e) => e.name)).toEqual(['2:00', '10:00']);
  });

  it('stand by count when they are many', () => {
    expect(entriesOf(groups(['c1', 1], ['c2', 5], ['c3', 3]), 'category', naming).map((e) => e.key)).toEqual(['c2', 'c3', 'c1']);
  });

  it('of areas have their names', () => {
    expect(entriesOf(groups(['420106001011', 1]), 'community', naming)[0]?.name).toBe('area 420106001011');
  });
});

describe('the groups of time', () => {
  it('have no gaps', () => {
    expect(timeEntries(groups(['2017-11-29', 1], ['2017-12-02', 3]), 'day', undefined).map((e) => e.count)).toEqual([1, 0, 0, 3]);
    expect(timeEntries(groups(['2016-11', 1], ['2017-02', 3]), 'month', undefined).map((e) => e.name)).toEqual(['2016-11', '2016-12', '2017-01', '2017-02']);
  });

  it('fill their window', () => {
    const weeks = timeEntries(groups(['2017-11-27', 4]), 'week', { from: '2017-11-22', to: '2017-12-05' });
    expect(weeks.map((e) => [e.key, e.count])).toEqual([['2017-11-20', 0], ['2017-11-27', 4], ['2017-12-04', 0]]);
    expect(bucketStart('week', '2017-12-03')).toBe('2017-11-27');
  });
});

it('puts two periods side by side', () => {
  const [now, before] = [entriesOf(groups(['1', 5], ['2', 1]), 'level', naming), entriesOf(groups(['1', 4], ['3', 7]), 'level', naming)];
  expect(pairs(now, before)).toEqual([
    { key: '1', name: '1', now: 5, before: 4 },
    { key: '2', name: '2', now: 1, before: 0 },
    { key: '3', name: '3', now: 0, before: 7 },
  ]);
});
