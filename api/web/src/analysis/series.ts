// Groups made ready for a chart or a comparison: in an order that means something, without gaps in time, side by side.

import type { Lang } from '../words/format';
import { groupName, type Group, type Groups } from './ask';
import { bucketWindow, plusDays, type Bucket, type Window } from './period';
import { fieldOf, type Layer } from './schema';
import { say } from './words';

/** A group as a chart shows it. */
export interface Entry {
  /** The value; null is none. */
  readonly key: string | null;
  readonly name: string;
  readonly count: number;
}

/** How many bars of a field with many values are shown. */
const MOST = 15;

/** What is known of how groups are called. */
export interface Naming {
  readonly layer: Layer;
  readonly lang: Lang;
  areaName(code: string): string;
}

/** The groups of a field: codes, numbers and hours in their own order, everything with many values by count. */
export function entriesOf(groups: Groups, by: string, { layer, lang, areaName }: Naming): Entry[] {
  const field = fieldOf(layer, by);
  const entries = groups.groups.map((g: Group) => ({ key: g.key[0] ?? null, name: nameOf(g, by, areaName, lang), count: g.count }));
  const codes = field ? [...field.codes.keys()] : [];
  const inOrder = by === 'hour' || by === 'weekday' || field?.type === 'int' || (codes.length > 0 && codes.length <= 10);
  if (!inOrder) return entries.sort((a, b) => b.count - a.count || a.name.localeCompare(b.name)).slice(0, MOST);
  const rank = (key: string | null): number => (key === null ? Infinity : codes.length > 0 ? codes.indexOf(key) : Number(key));
  return entries.sort((a, b) => rank(a.key) - rank(b.key));
}

function nameOf(group: Group, by: string, areaName: (code: string) => string, lang: Lang): string {
  const name = groupName(group, by, areaName, lang, say(lang, 'none'));
  return by === 'hour' && name === group.key[0] ? say(lang, 'hourName', { n: name }) : name;
}

/** The groups of time from the first to the last, those without anything too. A window shows all of itself. */
export function timeEntries(groups: Groups, bucket: Bucket, window: Window | undefined): Entry[] {
  const counts = new Map(groups.groups.flatMap((g) => (g.key[0] ? [[bucketStart(bucket, g.key[0]), g.count] as const] : [])));
  const starts = [...counts.keys()].sort();
  const first = window ? bucketStart(bucket, window.from) : starts[0];
  const last = window ? bucketStart(bucket, window.to) : starts.at(-1);
  const out: Entry[] = [];
  for (let at = first; at !== undefined && last !== undefined && at <= last && out.length < 1000; at = nextStart(bucket, at)) {
    out.push({ key: at, name: bucket === 'month' ? at.slice(0, 7) : at, count: counts.get(at) ?? 0 });
  }
  return out;
}

/** The first day of the bucket that a key or a day is of. */
export function bucketStart(bucket: Bucket, key: string): string {
  if (bucket === 'month') return `${key.slice(0, 7)}-01`;
  if (bucket === 'day' || key.includes('W')) return bucketWindow(bucket, key)?.from ?? key;
  return plusDays(key.slice(0, 10), -((new Date(`${key.slice(0, 10)}T00:00:00Z`).getUTCDay() + 6) % 7));
}

function nextStart(bucket: Bucket, at: string): string | undefined {
  const w = bucketWindow(bucket, at);
  return w && plusDays(w.to, 1);
}

/** A group in two periods. */
export interface Pair {
  readonly key: string | null;
  readonly name: string;
  readonly now: number;
  readonly before: number;
}

/** Two lists of groups side by side, in the order of the first; what only the second has comes after. */
export function pairs(now: readonly Entry[], before: readonly Entry[]): Pair[] {
  const was = new Map(before.map((e) => [e.key, e.count]));
  const both = now.map((e) => ({ key: e.key, name: e.name, now: e.count, before: was.get(e.key) ?? 0 }));
  const seen = new Set(now.map((e) => e.key));
  return [...both, ...before.filter((e) => !seen.has(e.key)).map((e) => ({ key: e.key, name: e.name, now: 0, before: e.count }))];
}
