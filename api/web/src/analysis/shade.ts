// The colours of areas by a value: classes of round numbers, the same colours for the same numbers, few records marked.

import type { Groups } from './ask';
import type { Areas } from './areas';
import { daysOf, type Window } from './period';
import type { AreaField } from './schema';
import type { Per } from './state';

/** The value of an area; null is not known. */
export interface Shade {
  readonly code: string;
  readonly value: number | null;
  /** So few records or households that it may be chance. */
  readonly small: boolean;
}

/** A class of values: from (included) to (excluded). */
export interface Class {
  readonly from: number;
  readonly to: number;
  readonly color: string;
}

/** Below so many records a value may be chance. */
export const FEW_RECORDS = 30;
/** Below so many households a rate says nothing of them. */
export const FEW_HOUSEHOLDS = 30;

/** From little to much; on a dark page much is bright, on a light one dark. Both keep their order for the colour-blind and in grey. */
export const RAMPS = {
  dark: ['#2a2f6b', '#5b2f8a', '#b0396f', '#ee7b51', '#fbd36b'],
  light: ['#fde3a7', '#f9a968', '#e0605f', '#9c2f7f', '#4b1d72'],
} as const;

/** Values of areas from counts: the counts, or rates per hectare and week or per 1,000 households. */
export function shadesOf(groups: Groups, kind: AreaField, areas: Areas, per: Per, window: Window | undefined): Shade[] {
  const counts = new Map(groups.groups.map((g) => [g.key[0] ?? '', g.count]));
  return areas.of(kind).map(({ code, households, hectares }) => {
    const n = counts.get(code) ?? 0;
    const small = (per !== 'count' && n < FEW_RECORDS) || (per === '1000-households' && households < FEW_HOUSEHOLDS);
    return { code, value: rate(n, per, households, hectares, window), small };
  });
}

function rate(n: number, per: Per, households: number, hectares: number, window: Window | undefined): number | null {
  if (per === 'count') return n;
  if (per === '1000-households') return households > 0 ? (n / households) * 1000 : null;
  return hectares > 0 && window ? n / hectares / (daysOf(window) / 7) : null;
}

/** Five classes with round limits that hold all values; one class where all are equal. */
export function classesOf(values: readonly (number | null)[], ramp: readonly string[]): Class[] {
  const known = values.filter((v): v is number => v !== null);
  if (known.length === 0) return [];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (low === high) return [{ from: low, to: low, color: ramp[Math.floor(ramp.length / 2)] ?? '#888888' }];
  const step = roundUp((high - low) / ramp.length);
  const start = Math.floor(low / step) * step;
  const n = Math.max(1, Math.ceil(tidy((high - start) / step) + 1e-9));
  return Array.from({ length: n }, (_, i) => ({
    from: tidy(start + i * step),
    to: tidy(start + (i + 1) * step),
    color: ramp[Math.min(ramp.length - 1, Math.round((i * (ramp.length - 1)) / Math.max(1, n - 1)))] ?? '#888888',
  }));
}

/** The colour of a value. */
export const colorOf = (value: number | null, classes: readonly Class[]): string | undefined =>
  value === null ? undefined : (classes.find((c) => value < c.to) ?? classes.at(-1))?.color;

/** The next of 1, 2, 2.5, 5 × 10^n. */
function roundUp(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x));
  return tidy(([1, 2, 2.5, 5, 10].find((m) => m * power >= x * (1 - 1e-9)) ?? 10) * power);
}

const tidy = (x: number): number => Number(x.toPrecision(10));
