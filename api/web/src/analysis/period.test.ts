import { describe, expect, it } from 'vitest';
import { baselineOf, bucketFor, bucketWindow, changeWords, daysOf, isDay, plusDays, preset, previous, PRESETS, readWindow, windowWords, writeWindow, yearBefore } from './period';

describe('a window', () => {
  it('is what its text says', () => {
    expect(readWindow('2017-11-01/2017-11-30')).toEqual({ from: '2017-11-01', to: '2017-11-30' });
    for (const text of [undefined, '', '2017-11-31/2017-12-01', '2017-12-01/2017-11-01', '2017-11-01', '2017-11-01/..', 'x/y', '2017-11-01/2017-11-02/2017-11-03']) {
      expect(readWindow(text)).toBeUndefined();
    }
    expect([isDay('2016-02-29'), isDay('2017-02-29')]).toEqual([true, false]);
  });

  it('is said shortly', () => {
    expect([windowWords('2017-11-01/2017-11-30'), windowWords('2017-11-01/2017-11-01')]).toEqual(['2017-11-01 — 2017-11-30', '2017-11-01']);
  });

  it('of a preset ends on the newest day or before it, and never begins after it ends', () => {
    for (const today of ['2017-12-31', '2016-02-29', '2017-01-01', '2017-03-31']) {
      for (const name of PRESETS) {
        const w = preset(name, today);
        expect(readWindow(writeWindow(w))).toEqual(w);
        expect(w.to <= today).toBe(true);
      }
    }
    expect(preset('lastMonth', '2017-03-31')).toEqual({ from: '2017-02-01', to: '2017-02-28' });
    expect(daysOf(preset('last7', '2017-01-03'))).toBe(7);
  });
});

describe('a baseline', () => {
  it('is as long as the window and ends the day before', () => {
    const w = { from: '2017-11-11', to: '2017-11-20' };
    expect(previous(w)).toEqual({ from: '2017-11-01', to: '2017-11-10' });
    expect(daysOf(previous(w))).toBe(daysOf(w));
  });

  it('of whole months is as many months', () => {
    expect(previous({ from: '2017-07-01', to: '2017-09-30' })).toEqual({ from: '2017-04-01', to: '2017-06-30' });
    expect(previous({ from: '2017-03-01', to: '2017-03-31' })).toEqual({ from: '2017-02-01', to: '2017-02-28' });
    expect(previous({ from: '2017-01-01', to: '2017-12-31' })).toEqual({ from: '2016-01-01', to: '2016-12-31' });
  });

  it('of the year before has the same days; the 29th of February is the 28th', () => {
    expect(yearBefore({ from: '2017-07-01', to: '2017-09-30' })).toEqual({ from: '2016-07-01', to: '2016-09-30' });
    expect(yearBefore({ from: '2016-02-29', to: '2016-02-29' }).from).toBe('2015-02-28');
  });

  it('is what the address says', () => {
    const w = { from: '2017-07-01', to: '2017-09-30' };
    expect(baselineOf('year', w)).toEqual(yearBefore(w));
    expect(baselineOf('2015-01-01/2015-01-31', w)).toEqual({ from: '2015-01-01', to: '2015-01-31' });
    expect([baselineOf(undefined, w), baselineOf('year', undefined), baselineOf('soon', w)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('a bucket', () => {
  it('is fine for short windows and coarse for long ones', () => {
    expect([bucketFor({ from: '2017-11-01', to: '2017-11-30' }), bucketFor({ from: '2017-07-01', to: '2017-09-30' }), bucketFor({ from: '2016-01-01', to: '2017-12-31' }), bucketFor(undefined)]).toEqual([
      'day', 'week', 'month', 'month',
    ]);
  });

  it('is a window', () => {
    expect(bucketWindow('month', '2017-02')).toEqual({ from: '2017-02-01', to: '2017-02-28' });
    expect(bucketWindow('week', '2017-11-27')).toEqual({ from: '2017-11-27', to: '2017-12-03' });
    expect(bucketWindow('week', '2017-W48')).toEqual({ from: '2017-11-27', to: '2017-12-03' });
    expect(bucketWindow('day', '2017-11-27')).toEqual({ from: '2017-11-27', to: '2017-11-27' });
    expect(bucketWindow('day', 'null()')).toBeUndefined();
  });

  it('follows the one before', () => {
    expect(plusDays('2017-02-28', 1)).toBe('2017-03-01');
    expect(plusDays('2017-01-01', -1)).toBe('2016-12-31');
  });
});

it('says a change with its sign, and no ratio to nothing', () => {
  expect([changeWords(162, 87), changeWords(1192, 2371), changeWords(5, 0), changeWords(3, 3)]).toEqual(['+75 (+86.21 %)', '−1,179 (−49.73 %)', '+5', '±0 (±0.00 %)']);
});
