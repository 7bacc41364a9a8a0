import { describe, expect, it } from 'vitest';
import { ago, clock, count, day, dayInterval, dayStart, moment, span, weekday } from './format';

const noon = Date.parse('2017-12-01T12:00:00+08:00');

describe('format', () => {
  it('separates thousands', () => {
    expect(count(60929)).toBe('60,929');
    expect(count(0)).toBe('0');
  });

  it('shows the clock and the day of China', () => {
    const at = Date.parse('2017-11-30T16:05:09Z');
    expect(clock(at)).toBe('00:05:09');
    expect(day(at)).toBe('2017-12-01');
    expect(weekday(at, 'zh')).toBe('星期五');
    expect(weekday(at, 'en')).toBe('Friday');
  });

  it('starts a day at midnight in China', () => {
    expect(new Date(dayStart(noon)).toISOString()).toBe('2017-11-30T16:00:00.000Z');
    expect(dayStart(dayStart(noon) - 1, 1)).toBe(dayStart(noon));
  });

  it('makes closed intervals of whole days', () => {
    expect(dayInterval(noon, 1)).toBe('2017-11-30T16:00:00.000Z/2017-12-01T15:59:59.999Z');
    expect(dayInterval(noon, 7)).toBe('2017-11-24T16:00:00.000Z/2017-12-01T15:59:59.999Z');
  });

  it('words spans in their largest unit', () => {
    expect([-5000, 0, 59_999, 60_000, 3_599_000, 3_600_000, 86_400_000].map((ms) => span(ms, 'zh'))).toEqual([
      '0 秒', '0 秒', '59 秒', '1 分钟', '59 分钟', '1 小时', '1 天',
    ]);
    expect(span(90_000, 'en')).toBe('1 min');
  });

  it('words ages', () => {
    expect([1999, 2000, 61_000].map((ms) => ago(ms, 'zh'))).toEqual(['刚刚', '2 秒前', '1 分钟前']);
    expect([0, 7200_000].map((ms) => ago(ms, 'en'))).toEqual(['just now', '2 h ago']);
  });

  it('words a moment by age within a day, else by date, with the year when it is another', () => {
    expect(moment(noon - 180_000, noon, 'zh')).toBe('3 分钟前');
    expect(moment(noon - 3 * 86_400_000, noon, 'zh')).toBe('11-28 12:00');
    expect(moment(noon, noon + 400 * 86_400_000, 'zh')).toBe('2017-12-01 12:00');
  });
});
