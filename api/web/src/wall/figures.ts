// The numbers of the wall: which questions give them, and how the answers are put together.

import type { Client } from '../service/client';
import { readPage, valueTime } from '../service/data';
import { day, dayInterval, dayStart } from '../words/format';
import { readGroups } from './groups';

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

/** The address of the numbers of events of each kind. */
export const groupsPath = (by: string, conditions: Readonly<Record<string, string>>): string => `/analytics/groups/events?${new URLSearchParams({ by, ...conditions }).toString()}`;

/** Asks for all numbers of an area. The days end with the last one that has an event, so that old data is not shown as nought. */
export async function loadFigures(client: Client, scope?: string): Promise<Figures> {
  const area: Record<string, string> = scope ? { scope } : {};
  const counts = async (by: string, conditions: Record<string, string>): Promise<ReadonlyMap<string, number>> =>
    new Map(readGroups(await client.json(groupsPath(by, { ...area, ...conditions }))).map(({ key, count }) => [key, count]));
  const [newestPage, levels] = await Promise.all([client.json(latestPath(1, { scope })).then(readPage), counts('level', OPEN)]);
  const open = LEVELS.map((level) => levels.get(String(level)) ?? 0);
  const first = newestPage.items[0];
  const newest = first && valueTime(first, 'reported_at');
  if (newest === undefined) return { total: newestPage.matched, open, days: [], closedOfDays: 0 };
  const week = { datetime: dayInterval(newest, 7) };
  const [days, closed] = await Promise.all([counts('day', week), client.json(countPath({ ...area, ...week, stage: 'closed' })).then(readPage)]);
  const starts = [6, 5, 4, 3, 2, 1, 0].map((back) => dayStart(newest, -back));
  return { total: newestPage.matched, open, days: starts.map((start) => ({ start, count: days.get(day(start)) ?? 0 })), closedOfDays: closed.matched, newest };
}
