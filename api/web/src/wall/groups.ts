// Counts by kind: the answers of /analytics/groups, and their sums up the tree of areas.

import type { Areas } from './areas';
import type { Both } from './kpis';

/** How many features have a key; its title is in both languages. */
export interface Group {
  readonly key: string;
  readonly title: Both;
  readonly count: number;
}

/** Reads the groups of an answer that was asked for by one field. */
export function readGroups(body: unknown): Group[] {
  const groups = (body as { groups?: unknown } | undefined)?.groups;
  if (!Array.isArray(groups)) return [];
  return groups.map((entry: { key?: unknown[]; title?: unknown[]; count?: unknown }) => {
    const title = (entry.title?.[0] ?? {}) as Partial<Both>;
    return { key: String(entry.key?.[0] ?? ''), title: { zh: title.zh ?? '', en: title.en ?? '' }, count: Number(entry.count) || 0 };
  });
}

/** Sums counts of areas up the tree: a zone has what its grids have, a community what its zones have. */
export function sumUp(groups: readonly Group[], areas: Areas): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { key, count } of groups) for (const area of areas.path(key)) sums.set(area.code, (sums.get(area.code) ?? 0) + count);
  return sums;
}
