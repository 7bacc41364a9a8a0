// Entering an event: what was written, what is missing, and what is sent.

import type { Place } from './state';
import type { DeskWord } from './words';
import { workdaysLater, type WorkCalendar } from './worktime';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What was written so far. */
export interface Draft {
  readonly title: string;
  readonly category: string;
  readonly domain: string;
  readonly level: number;
  readonly severity: string;
  readonly source: string;
  /** Until when it should be settled, as a field for a time holds it in China's time (2026-11-30T10:00); "" is what is usual for the level. */
  readonly deadline: string;
}

/** The fields that must be there, with the word that says so. */
export type Missing = Partial<Readonly<Record<'title' | 'category' | 'domain' | 'at', DeskWord>>>;

/** Says what is missing. */
export function missing(draft: Draft, at: Place | undefined): Missing {
  return {
    ...(draft.title.trim() === '' ? { title: 'titleNeeded' as const } : {}),
    ...(draft.category === '' ? { category: 'categoryNeeded' as const } : {}),
    ...(draft.domain === '' ? { domain: 'domainNeeded' as const } : {}),
    ...(at ? {} : { at: 'placeNeeded' as const }),
  };
}

/** The feature that is sent: what is empty is left to the service's defaults. */
export function featureOf({ deadline, ...draft }: Draft, at: Place): unknown {
  const properties = Object.fromEntries(Object.entries({ ...draft, title: draft.title.trim() }).filter(([, v]) => v !== ''));
  const due = deadline === '' ? {} : { deadline_at: new Date(`${deadline}+08:00`).toISOString() };
  return { type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties: { ...properties, ...due, stage: 'reported' } };
}

/**
 * Until when an event of a level is usually settled: 24 and 48 hours, five and seven working days, and an hour for what is done at once; as a
 * field for a time holds it. Where the calendar does not reach, five working days are counted as a week.
 */
export function deadlineOf(level: number, now: number, calendar: WorkCalendar | undefined): string {
  const workdays = (n: number): number => (calendar && workdaysLater(calendar, now, n)) ?? now + (n * 7 * DAY_MS) / 5;
  const due = [now + DAY_MS, now + 2 * DAY_MS, workdays(5), workdays(7), now + HOUR_MS][level - 1] ?? now + DAY_MS;
  return new Date(due + 8 * HOUR_MS).toISOString().slice(0, 16);
}

/** Which severity is usual for a level, of those there are in rising order. */
export function severityOf(level: number, severities: readonly string[]): string {
  return severities[Math.min(severities.length - 1, Math.max(0, level - 2))] ?? '';
}
