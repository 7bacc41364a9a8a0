import { describe, expect, it } from 'vitest';
import { readCalendar, workday, workdaysLater, worked, type WorkCalendar } from './worktime';

const HOUR = 3600_000;
const at = (s: string): number => Date.parse(`${s}+08:00`);

function calendar(): WorkCalendar {
  const c = readCalendar({
    hours: [['09:00', '12:00'], ['13:30', '17:30']],
    days: [['2026-11-26', true], ['2026-11-27', true], ['2026-11-28', false], ['2026-11-29', false], ['2026-11-30', true]].map(([date, working]) => ({ date, working, title: '' })),
  });
  if (!c) throw new Error('no calendar');
  return c;
}

describe('working time', () => {
  it('counts the hours of a working day', () => {
    expect(workday(calendar())).toBe(7 * HOUR);
    expect(worked(calendar(), at('2026-11-27T10:00:00'), at('2026-11-27T14:00:00'))).toBe(2.5 * HOUR);
  });

  it('leaves out the weekend', () => {
    expect(worked(calendar(), at('2026-11-27T17:00:00'), at('2026-11-30T09:30:00'))).toBe(HOUR);
  });

  it('goes forward by working days', () => {
    expect(workdaysLater(calendar(), at('2026-11-26T10:00:00'), 1)).toBe(at('2026-11-27T10:00:00'));
    expect(workdaysLater(calendar(), at('2026-11-27T10:00:00'), 1)).toBe(at('2026-11-30T10:00:00'));
    expect(workdaysLater(calendar(), at('2026-11-27T10:00:00'), 2)).toBeUndefined();
  });

  it('adds up', () => {
    const c = calendar();
    const times = ['2026-11-26T08:00:00', '2026-11-26T12:30:00', '2026-11-28T03:00:00', '2026-11-30T16:00:00'].map(at);
    const [a = 0, b = 0, d = 0, e = 0] = times;
    const sum = [[a, b], [b, d], [d, e]].reduce((n, [from = 0, to = 0]) => n + (worked(c, from, to) ?? NaN), 0);
    expect(worked(c, a, e)).toBe(sum);
  });

  it('does not guess days that it does not know', () => {
    expect(worked(calendar(), at('2026-11-27T10:00:00'), at('2026-12-02T10:00:00'))).toBeUndefined();
  });

  it('is nothing where the service has none', () => {
    for (const body of [undefined, {}, { hours: [['9', 'x']], days: [] }]) expect(readCalendar(body)).toBeUndefined();
  });
});
