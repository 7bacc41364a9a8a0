// The numbers of the wall: which questions give them, and how the answers are put together.

import type { Client } from '../service/client';
import { readPage, valueTime } from '../service/data';
import { dayInterval, dayStart } from '../words/format';

/** The levels of events, as filed. */
export const LEVELS = [1, 2, 3, 4, 5] as const;

/** The events of one day. */
export interface DayFigure {
  readonly start: number;
  readonly count: number;
}

/** Everything that the panel of numbers shows. */
export interface Figures {
  readonly total: number;
  /** Open events by level, from level 1. */
  readonly open: readonly number[];
  /** The last seven days that have data, the oldest first. */
  readonly days: readonly DayFigure[];
  readonly closedOfDays: number;
  /** The newest report, in milliseconds; undefined when there is no event. */
  readonly newest?: number;
}

const EVENTS = '/collections/events/items';

/** The address of a question for the number of events. */
export function countPath(conditions: Readonly<Record<string, string>>): string {
  return `${EVENTS}?${new URLSearchParams({ limit: '1', properties: 'code', ...conditions }).toString()}`;
}

/** What events are narrowed to. */
export interface Narrow {
  readonly level?: number | undefined;
  /** The code of an area. */
  readonly scope?: string | undefined;
  /** The code of the area that holds all of them. */
  readonly all?: string | undefined;
}

/** The address of the newest events. */
export function latestPath(limit: number, { level, scope }: Narrow = {}): string {
  return `${EVENTS}?sortby=-reported_at&limit=${limit}${level ? `&level=${level}` : ''}${scope ? `&scope=${scope}` : ''}`;
}

/** The conditions of events that still ask for someone. */
export const OPEN = { closed_at: 'null()', cancelled_at: 'null()' } as const;

/** Asks for all numbers of an area. The days end with the last one that has an event, so that old data is not shown as nought. */
export async function loadFigures(client: Client, scope?: string): Promise<Figures> {
  const area: Record<string, string> = scope ? { scope } : {};
  const matched = async (conditions: Record<string, string>): Promise<number> => readPage(await client.json(countPath({ ...area, ...conditions }))).matched;
  const newestPage = readPage(await client.json(latestPath(1, { scope })));
  const first = newestPage.items[0];
  const newest = first && valueTime(first, 'reported_at');
  const open = await Promise.all(LEVELS.map((level) => matched({ level: String(level), ...OPEN })));
  if (newest === undefined) return { total: newestPage.matched, open, days: [], closedOfDays: 0 };
  const starts = [6, 5, 4, 3, 2, 1, 0].map((back) => dayStart(newest, -back));
  const counts = await Promise.all(starts.map((start) => matched({ datetime: dayInterval(start, 1) })));
  const closedOfDays = await matched({ datetime: dayInterval(newest, 7), stage: 'closed' });
  return { total: newestPage.matched, open, days: starts.map((start, i) => ({ start, count: counts[i] ?? 0 })), closedOfDays, newest };
}
