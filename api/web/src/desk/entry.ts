// Entering an event: what was written, what is missing, and what is sent.

import type { Place } from './state';
import type { DeskWord } from './words';

/** What was written so far. */
export interface Draft {
  readonly title: string;
  readonly category: string;
  readonly domain: string;
  readonly level: number;
  readonly severity: string;
  readonly source: string;
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
export function featureOf(draft: Draft, at: Place): unknown {
  const properties = Object.fromEntries(Object.entries({ ...draft, title: draft.title.trim() }).filter(([, v]) => v !== ''));
  return { type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties: { ...properties, stage: 'reported' } };
}

/** Which severity is usual for a level, of those there are in rising order. */
export function severityOf(level: number, severities: readonly string[]): string {
  return severities[Math.min(severities.length - 1, Math.max(0, level - 2))] ?? '';
}
