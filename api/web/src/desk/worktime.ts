// Working time between two instants, by the calendar of the service: /calendar?from=&to=

import { day, dayStart } from '../words/format';
import { fields, list, text } from '../service/loose';

const DAY_MS = 86_400_000;

/** The working days of a period and the hours of each. */
export interface WorkCalendar {
  /** From and to, in milliseconds of the day in China. */
  readonly hours: readonly (readonly [number, number])[];
  /** Whether a day, such as 2026-11-27, is a working day. What is not in it is not known. */
  readonly days: ReadonlyMap<string, boolean>;
}

/** Reads what the service answers; undefined where that is no calendar. */
export function readCalendar(body: unknown): WorkCalendar | undefined {
  const hours = list(fields(body)['hours']).flatMap((span) => {
    const [from, to] = list(span).map((t) => timeOfDay(text(t)));
    return from !== undefined && to !== undefined && from < to ? [[from, to] as const] : [];
  });
  const days = new Map(list(fields(body)['days']).map((d) => [text(fields(d)['date']), fields(d)['working'] === true] as const));
  return hours.length > 0 && days.size > 0 ? { hours, days } : undefined;
}

function timeOfDay(s: string): number | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(s);
  return match ? (Number(match[1]) * 60 + Number(match[2])) * 60_000 : undefined;
}

/** The length of a working day. */
export const workday = (c: WorkCalendar): number => c.hours.reduce((sum, [from, to]) => sum + to - from, 0);

/** The working time from one instant to a later one, in milliseconds; undefined where the calendar does not know every day of it. */
export function worked(c: WorkCalendar, from: number, to: number): number | undefined {
  let sum = 0;
  for (let start = dayStart(from); start < to; start += DAY_MS) {
    const working = c.days.get(day(start));
    if (working === undefined) return undefined;
    if (!working) continue;
    for (const [begin, end] of c.hours) sum += Math.max(0, Math.min(to, start + end) - Math.max(from, start + begin));
  }
  return sum;
}

/** The instant that is so many working days later, at the same time of day; undefined where the calendar does not reach it. */
export function workdaysLater(c: WorkCalendar, from: number, n: number): number | undefined {
  let at = from;
  for (let left = n; left > 0; ) {
    at += DAY_MS;
    const working = c.days.get(day(at));
    if (working === undefined) return undefined;
    if (working) left--;
  }
  return at;
}
