// Numbers, times and ages as a person reads them. Pure: the time is always given.

/** The languages of the pages; the first is the usual one. */
export const LANGS = ['zh', 'en'] as const;

/** The languages of the pages. */
export type Lang = (typeof LANGS)[number];

/** China has one clock; the wall's days and hours are its days and hours wherever the browser stands. */
const ZONE = 'Asia/Shanghai';
const OFFSET_MS = 8 * 3600_000;
const DAY_MS = 86_400_000;

const locale = (lang: Lang): string => (lang === 'zh' ? 'zh-CN' : 'en-GB');

/** A count with separators between the thousands. */
export function count(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Hours, minutes and seconds: 14:05:12. `at` is in milliseconds since 1970. */
export function clock(at: number): string {
  return new Date(at + OFFSET_MS).toISOString().slice(11, 19);
}

/** The day: 2017-12-01. */
export function day(at: number): string {
  return new Date(at + OFFSET_MS).toISOString().slice(0, 10);
}

/** The weekday: 星期五, Friday. */
export function weekday(at: number, lang: Lang): string {
  return new Date(at).toLocaleDateString(locale(lang), { weekday: 'long', timeZone: ZONE });
}

/** The first millisecond of the day that holds `at`, moved by whole days. */
export function dayStart(at: number, plusDays = 0): number {
  return Math.floor((at + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS + plusDays * DAY_MS;
}

/** A closed interval for `datetime=`, from the first to the last millisecond of `days` days that end with the day of `last`. */
export function dayInterval(last: number, days: number): string {
  const from = dayStart(last, 1 - days);
  const to = dayStart(last, 1) - 1;
  return `${new Date(from).toISOString()}/${new Date(to).toISOString()}`;
}

/** How long something lasts, in its largest unit, rounded down: 42 秒, 3 min. Negative lengths count as none. */
export function span(ms: number, lang: Lang): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [n, zh, en] =
    s < 60 ? [s, '秒', 's'] : s < 3600 ? [Math.floor(s / 60), '分钟', 'min'] : s < 86_400 ? [Math.floor(s / 3600), '小时', 'h'] : [Math.floor(s / 86_400), '天', 'd'];
  return `${n} ${lang === 'zh' ? zh : en}`;
}

/** How long ago: 刚刚 under two seconds, then 5 秒前, 3 min ago. */
export function ago(ms: number, lang: Lang): string {
  if (ms < 2000) return lang === 'zh' ? '刚刚' : 'just now';
  return lang === 'zh' ? `${span(ms, lang)}前` : `${span(ms, lang)} ago`;
}

/** When something happened as seen at `now`: its age within a day, else its day and minute. */
export function moment(at: number, now: number, lang: Lang): string {
  const age = now - at;
  if (age >= -60_000 && age < DAY_MS) return ago(age, lang);
  return `${day(at).slice(day(at).slice(0, 4) === day(now).slice(0, 4) ? 5 : 0)} ${clock(at).slice(0, 5)}`;
}
