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

/** What a value is of. */
export interface Rate {
  readonly per: Per;
  readonly window: Window | undefined;
  /** The area that is looked at: others have no value. */
  readonly scope?: string | undefined;
}

/** Values of areas from counts: the counts, or rates per hectare and week or per 1,000 households. */
export function shadesOf(groups: Groups, kind: AreaField, areas: Areas, { per, window, scope = '' }: Rate): Shade[] {
  const counts = new Map(groups.groups.map((g) => [g.key[0] ?? '', g.count]));
  return areas.of(kind).filter(({ code }) => scope === '' || areas.path(code).some((a) => a.code === scope)).map(({ code, households, hectares }) => {
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

/**
 * Classes that hold all values but nothing at all (0), with as equally many areas in each as can be and limits of two digits: neither a few
 * large values nor many zeros make the rest one colour. One class where all are equal.
 */
export function classesOf(values: readonly (number | null)[], ramp: readonly string[]): Class[] {
  const known = values.filter((v): v is number => v !== null && v !== 0).sort((a, b) => a - b);
  const [low, high] = [known[0], known.at(-1)];
  if (low === undefined || high === undefined) return [];
  if (low === high) return [{ from: low, to: low, color: ramp[Math.floor(ramp.length / 2)] ?? '#888888' }];
  const inner = Array.from({ length: ramp.length - 1 }, (_, i) => round(known[Math.ceil(((i + 1) * known.length) / ramp.length)] ?? high, Math.round));
  const limits = [...new Set([round(low, Math.floor), ...inner, round(high, (x) => Math.floor(x) + 1)])].sort((a, b) => a - b);
  const n = limits.length - 1;
  return limits.slice(0, -1).map((from, i) => ({
    from,
    to: limits[i + 1] ?? from,
    color: ramp[n === 1 ? Math.floor(ramp.length / 2) : Math.round((i * (ramp.length - 1)) / (n - 1))] ?? '#888888',
  }));
}

/** The colour of 0. */
export const NOTHING = '#8a97a8';

/** The colour of a value; undefined where it is not known. */
export const colorOf = (value: number | null, classes: readonly Class[]): string | undefined =>
  value === null ? undefined : value === 0 ? NOTHING : (classes.find((c) => value < c.to) ?? classes.at(-1))?.color;

/** A number of two digits near x, rounded as told. */
function round(x: number, how: (x: number) => number): number {
  if (x === 0) return how(0);
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(x))) - 1);
  return Number((how(Number((x / unit).toPrecision(12))) * unit).toPrecision(10));
}
