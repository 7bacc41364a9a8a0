import { describe, expect, it } from 'vitest';
import { dueOf, dueText } from './deadline';
import { readCalendar } from './worktime';

const HOUR = 3600_000;
const begun = Date.parse('2026-11-27T09:00:00+08:00');
const calendar = readCalendar({
  hours: [['09:00', '12:00'], ['13:30', '17:30']],
  days: [['2026-11-27', true], ['2026-11-28', false], ['2026-11-29', false], ['2026-11-30', true]].map(([date, working]) => ({ date, working })),
});

describe('the deadline light', () => {
  it('changes at a half, at a fifth and at the end', () => {
    const light = (share: number): string => dueOf(begun, begun + 10 * HOUR, begun + 10 * HOUR * (1 - share), undefined).light;
    expect([1, 0.51, 0.5, 0.21, 0.2, 0.01, 0, -1].map(light)).toEqual(['green', 'green', 'yellow', 'yellow', 'orange', 'orange', 'red', 'red']);
  });

  it('counts working time where it can', () => {
    const monday = Date.parse('2026-11-30T17:30:00+08:00');
    const due = dueOf(begun, monday, Date.parse('2026-11-28T12:00:00+08:00'), calendar);
    expect(due).toEqual({ light: 'yellow', left: 7 * HOUR, working: true, day: 7 * HOUR });
    expect(dueText(due, 'zh')).toBe('余 1 工作日');
    expect(dueText(dueOf(begun, monday, begun, undefined), 'zh')).toBe('余 3 天 8 小时');
  });

  it('says that it is overdue, or that there is no deadline', () => {
    expect(dueText(dueOf(begun, begun + HOUR, begun + 2.5 * HOUR, undefined), 'en')).toBe('1 h 30 min over');
    expect(dueText(dueOf(begun, undefined, begun, undefined), 'zh')).toBe('无时限');
  });
});
