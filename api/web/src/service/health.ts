// Whether what is on the screen may be believed. Pure: the times are given, in milliseconds of one clock.

import type { Readiness } from './data';
import { clock, day, type Lang } from '../words/format';
import { say } from '../words/text';

/** A heartbeat is due every 5 s; after three that did not come the data is called stale. */
export const STALE_AFTER_MS = 15_000;

/** What is known of the stream. */
export interface Signs {
  /** When the page began to listen. */
  readonly begun: number;
  /** As of when the data is that the last message vouched for; undefined before the first. */
  readonly heard?: number;
  readonly connected: boolean;
  /** Failed attempts since the last message. */
  readonly failures: number;
}

/** live: messages come. joining: not yet heard of. reconnecting: cut off a moment ago. stale: silent too long, since then. */
export type Health =
  | { readonly kind: 'joining' }
  | { readonly kind: 'live'; readonly age: number }
  | { readonly kind: 'reconnecting'; readonly age: number; readonly failures: number }
  | { readonly kind: 'stale'; readonly age: number; readonly since: number };

/** Judges the signs at a time. */
export function judge(signs: Signs, now: number): Health {
  const age = Math.max(0, now - (signs.heard ?? signs.begun));
  if (age > STALE_AFTER_MS) return { kind: 'stale', age, since: signs.heard ?? signs.begun };
  if (signs.heard === undefined && signs.failures === 0) return { kind: 'joining' };
  if (!signs.connected) return { kind: 'reconnecting', age, failures: signs.failures };
  return { kind: 'live', age };
}

/** Trouble is what the service says of itself when it is not ready; the age of the record in milliseconds. */
export interface Trouble {
  readonly reason: string;
  readonly recordAge?: number;
}

/** What to tell of a service that answers, or does not; undefined when all is well. */
export function troubleOf(reachable: boolean, readiness: Readiness | undefined, lang: Lang): Trouble | undefined {
  if (!reachable) return { reason: say(lang, 'unreachable') };
  if (!readiness || readiness.status === 'ready') return undefined;
  const { copy, age, reason, status } = readiness;
  return { reason: copy === undefined ? reason || status : say(lang, 'onCopy', { time: `${day(copy)} ${clock(copy)}` }), recordAge: age * 1000 };
}

/** How long to wait before the attempt after `failures` failed ones: 0.5 s, doubling to 15 s, by chance up to half of it less. */
export function backoff(failures: number, chance: number): number {
  const full = Math.min(15_000, 500 * 2 ** Math.max(0, failures - 1));
  return full * (1 - 0.5 * chance);
}
