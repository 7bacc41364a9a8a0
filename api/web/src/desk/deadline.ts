// How much time an event has left: in working time where the calendar is known, plainly in calendar time where it is not.

import type { Lang } from '../words/format';
import { say } from './words';
import { workday, worked, type WorkCalendar } from './worktime';

/** The deadline light: more than half of the time left, at most half, at most a fifth, none; and of what has no deadline. */
export type Light = 'green' | 'yellow' | 'orange' | 'red' | 'none';

/** What is left of an event's time. */
export interface Due {
  readonly light: Light;
  /** Milliseconds left, negative where overdue; 0 where there is no deadline. */
  readonly left: number;
  /** Whether that is working time. */
  readonly working: boolean;
  /** How long a day is in it. */
  readonly day: number;
}

const DAY_MS = 86_400_000;

/** Judges what is left at a moment of the time from `begun` to `deadline`. */
export function dueOf(begun: number, deadline: number | undefined, now: number, calendar: WorkCalendar | undefined): Due {
  if (deadline === undefined) return { light: 'none', left: 0, working: false, day: DAY_MS };
  const measured = calendar && measure(calendar, begun, deadline, now);
  const { left, whole } = measured ?? { left: deadline - now, whole: deadline - begun };
  const light: Light = now >= deadline ? 'red' : left > 0.5 * whole ? 'green' : left > 0.2 * whole ? 'yellow' : 'orange';
  return { light, left, working: measured !== undefined, day: measured && calendar ? workday(calendar) : DAY_MS };
}

function measure(c: WorkCalendar, begun: number, deadline: number, now: number): { left: number; whole: number } | undefined {
  const whole = worked(c, begun, deadline);
  const left = now < deadline ? worked(c, now, deadline) : negative(worked(c, deadline, now));
  return whole === undefined || left === undefined ? undefined : { left, whole };
}

const negative = (n: number | undefined): number | undefined => (n === undefined ? undefined : -n);

/** What is left in words: 余 2 工作日 3 小时, 1 d 4 h over. */
export function dueText(due: Due, lang: Lang): string {
  if (due.light === 'none') return say(lang, 'noDeadline');
  return say(lang, due.light === 'red' ? 'over' : 'left', { time: lengthText(due, lang) });
}

/** A length in its two largest units. */
function lengthText({ left, day, working }: Due, lang: Lang): string {
  const minutes = Math.floor(Math.abs(left) / 60_000);
  const inDay = day / 60_000;
  const [days, hours, rest] = [Math.floor(minutes / inDay), Math.floor((minutes % inDay) / 60), Math.floor((minutes % inDay) % 60)];
  if (days >= 100) return say(lang, working ? 'workDays' : 'days', { n: days });
  if (days > 0) return [say(lang, working ? 'workDays' : 'days', { n: days }), hours > 0 ? say(lang, 'hours', { n: hours }) : ''].filter(Boolean).join(' ');
  return [hours > 0 ? say(lang, 'hours', { n: hours }) : '', rest > 0 || hours === 0 ? say(lang, 'minutes', { n: rest }) : ''].filter(Boolean).join(' ');
}
