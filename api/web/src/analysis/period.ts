// Windows of days: closed intervals such as 2017-11-01/2017-11-30, in the days of China. Pure: "today" is always given.

import { count } from '../words/format';

const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A window of whole days, both included: YYYY-MM-DD. */
export interface Window {
  readonly from: string;
  readonly to: string;
}

const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** A day, moved by whole days. */
export const plusDays = (day: string, n: number): string => dayOf(at(day) + n * DAY_MS);

/** Whether a text is a day of the calendar. */
export const isDay = (text: string): boolean => DAY.test(text) && !Number.isNaN(at(text)) && dayOf(at(text)) === text;

/** Writes a window as the service reads it. */
export const writeWindow = ({ from, to }: Window): string => `${from}/${to}`;

/** Reads a window of whole days; undefined where the text is none. */
export function readWindow(text: string | undefined): Window | undefined {
  const [from = '', to = '', ...more] = (text ?? '').split('/');
  return isDay(from) && isDay(to) && from <= to && more.length === 0 ? { from, to } : undefined;
}

/** A window in words; an interval that is no window of days stays as it is. */
export function windowWords(text: string): string {
  const w = readWindow(text);
  if (!w) return text.replaceAll('T', ' ').replace('/', ' — ');
  return w.from === w.to ? w.from : `${w.from} — ${w.to}`;
}

/** How many days a window has. */
export const daysOf = ({ from, to }: Window): number => Math.round((at(to) - at(from)) / DAY_MS) + 1;

const monthStart = (day: string, plus = 0): string => {
  const [y = 0, m = 1] = day.split('-').map(Number);
  return dayOf(Date.UTC(y, m - 1 + plus, 1));
};

/** The names of the presets. */
export const PRESETS = ['last7', 'last30', 'thisMonth', 'lastMonth', 'thisYear', 'lastYear'] as const;

/** A preset. */
export type Preset = (typeof PRESETS)[number];

/** The window of a preset, as seen on `today`. */
export function preset(name: Preset, today: string): Window {
  const year = Number(today.slice(0, 4));
  switch (name) {
    case 'last7':
      return { from: plusDays(today, -6), to: today };
    case 'last30':
      return { from: plusDays(today, -29), to: today };
    case 'thisMonth':
      return { from: monthStart(today), to: today };
    case 'lastMonth':
      return { from: monthStart(today, -1), to: plusDays(monthStart(today), -1) };
    case 'thisYear':
      return { from: `${year}-01-01`, to: today };
    case 'lastYear':
      return { from: `${year - 1}-01-01`, to: `${year - 1}-12-31` };
  }
}

/** The window just before: as many months where the window is of whole months, else as many days. */
export function previous(w: Window): Window {
  const months = monthsOf(w);
  return { from: months > 0 ? monthStart(w.from, -months) : plusDays(w.from, -daysOf(w)), to: plusDays(w.from, -1) };
}

function monthsOf({ from, to }: Window): number {
  const after = plusDays(to, 1);
  if (!from.endsWith('-01') || !after.endsWith('-01')) return 0;
  return (Number(after.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(after.slice(5, 7)) - Number(from.slice(5, 7));
}

/** The same days a year before; the 29th of February becomes the 28th. */
export function yearBefore({ from, to }: Window): Window {
  const back = (day: string): string => {
    const moved = `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`;
    return isDay(moved) ? moved : `${moved.slice(0, 8)}28`;
  };
  return { from: back(from), to: back(to) };
}

/** What a window is compared with: previous, year, or a window. undefined where there is nothing. */
export function baselineOf(versus: string | undefined, w: Window | undefined): Window | undefined {
  if (!w || versus === undefined) return undefined;
  if (versus === 'previous') return previous(w);
  if (versus === 'year') return yearBefore(w);
  return readWindow(versus);
}

/** The lengths by which time is grouped. */
export type Bucket = 'day' | 'week' | 'month';

/** The bucket that shows a window best; no window is shown by months. */
export function bucketFor(w: Window | undefined): Bucket {
  if (!w) return 'month';
  const days = daysOf(w);
  return days <= 45 ? 'day' : days <= 200 ? 'week' : 'month';
}

/** The window of a group of time: a day, a week by its Monday or as 2017-W48, a month as 2017-11. */
export function bucketWindow(bucket: Bucket, key: string): Window | undefined {
  const month = /^(\d{4}-\d{2})(-01)?$/.exec(key);
  if (bucket === 'month' && month) return { from: `${month[1]}-01`, to: plusDays(monthStart(`${month[1]}-01`, 1), -1) };
  const week = /^(\d{4})-W(\d{2})$/.exec(key);
  if (week) {
    const monday = plusDays(mondayOf(`${week[1]}-01-04`), (Number(week[2]) - 1) * 7);
    return { from: monday, to: plusDays(monday, 6) };
  }
  const day = key.slice(0, 10);
  if (!isDay(day)) return undefined;
  return { from: day, to: bucket === 'week' ? plusDays(day, 6) : day };
}

function mondayOf(day: string): string {
  return plusDays(day, -((new Date(at(day)).getUTCDay() + 6) % 7));
}

/** A change from `before` to `now` in words: +12 (+34.5 %); a base of nothing has no ratio. */
export function changeWords(now: number, before: number): string {
  const sign = (n: number): string => (n > 0 ? '+' : n < 0 ? '−' : '±');
  const by = now - before;
  const absolute = `${sign(by)}${count(Math.abs(by))}`;
  if (before === 0) return absolute;
  const ratio = by / before;
  return `${absolute} (${sign(ratio)}${Math.abs(ratio * 100).toFixed(2)} %)`;
}
