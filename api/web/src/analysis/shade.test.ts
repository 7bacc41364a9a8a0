import { describe, expect, it } from 'vitest';
import { Areas } from './areas';
import { classesOf, colorOf, FEW_RECORDS, NOTHING, RAMPS, shadesOf } from './shade';

const area = (code: string, parent: string, households: number, hectares: number) => ({ code, name: code, kind: 'community' as const, parent, households, hectares });
const areas = new Areas([area('1', '', 1000, 10), area('2', '', 20, 5), area('3', '', 0, 0)]);
const groups = { matched: 90, groups: [{ key: ['1'], title: [], count: 60 }, { key: ['2'], title: [], count: 30 }] };
const window = { from: '2017-11-06', to: '2017-11-19' };

describe('the values of areas', () => {
  it('are counts, or rates where there is something to divide by', () => {
    const values = (per: 'count' | 'ha-week' | '1000-households') => shadesOf(groups, 'community', areas, { per, window }).map((s) => s.value);
    expect(values('count')).toEqual([60, 30, 0]);
    expect(values('ha-week')).toEqual([3, 3, null]);
    expect(values('1000-households')).toEqual([60, 1500, null]);
    expect(shadesOf(groups, 'community', areas, { per: 'ha-week', window: undefined }).map((s) => s.value)).toEqual([null, null, null]);
  });

  it('are marked where they rest on few', () => {
    const small = shadesOf(groups, 'community', areas, { per: '1000-households', window }).map((s) => s.small);
    expect(small).toEqual([false, true, true]);
    expect(FEW_RECORDS).toBe(30);
  });

  it('are of the area that is looked at', () => {
    expect(shadesOf(groups, 'community', areas, { per: 'count', window, scope: '2' }).map((s) => s.code)).toEqual(['2']);
  });
});

describe('classes', () => {
  const lists: readonly number[][] = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0.12, 0.4, 0.41, 3.7, 99], [-20, -3, 1, 4, 60], [0, 0, 0, 7, 8], [1e-6, 1e6], [90.4, 93, 94, 95, 97.3]];

  it('hold every value, in order, without gaps', () => {
    for (const values of lists) {
      const classes = classesOf(values, RAMPS.dark);
      expect(classes.length).toBeGreaterThan(0);
      classes.forEach((c, i) => i > 0 && expect(c.from).toBe(classes[i - 1]?.to));
      for (const v of values.filter((x) => x !== 0)) expect(classes.filter((c) => c.from <= v && v < c.to), `${v} of ${values}`).toHaveLength(1);
    }
  });

  it('are one where all are equal, and none where there is nothing', () => {
    expect(classesOf([5, 5, null], RAMPS.light)).toMatchObject([{ from: 5, to: 5 }]);
    expect([classesOf([], RAMPS.light), classesOf([null, 0], RAMPS.light)]).toEqual([[], []]);
  });

  it('give a colour to each value: nothing its own, what is not known none', () => {
    const classes = classesOf([1, 2, 3, 4, 5], RAMPS.light);
    expect([colorOf(0, classes), colorOf(null, classes), colorOf(5, classes)]).toEqual([NOTHING, undefined, RAMPS.light.at(-1)]);
  });
});
