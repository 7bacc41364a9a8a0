import { describe, expect, it } from 'vitest';
import { backoff, judge, STALE_AFTER_MS } from './health';

describe('judge', () => {
  it('joins until the first message', () => {
    expect(judge({ begun: 0, connected: false, failures: 0 }, 900).kind).toBe('joining');
    expect(judge({ begun: 0, connected: false, failures: 2 }, 900)).toEqual({ kind: 'reconnecting', age: 900, failures: 2 });
  });

  it('is live while messages come', () => {
    expect(judge({ begun: 0, heard: 10_000, connected: true, failures: 0 }, 14_000)).toEqual({ kind: 'live', age: 4000 });
  });

  it('says since when it is stale, also when the connection looks open', () => {
    const now = 10_000 + STALE_AFTER_MS + 1;
    expect(judge({ begun: 0, heard: 10_000, connected: true, failures: 0 }, now)).toEqual({ kind: 'stale', age: STALE_AFTER_MS + 1, since: 10_000 });
    expect(judge({ begun: 5, connected: false, failures: 9 }, 20_006).kind).toBe('stale');
  });

  it('is reconnecting in between', () => {
    expect(judge({ begun: 0, heard: 10_000, connected: false, failures: 1 }, 12_000)).toEqual({ kind: 'reconnecting', age: 2000, failures: 1 });
  });

  it('does not mind a clock that was set back', () => {
    expect(judge({ begun: 0, heard: 10_000, connected: true, failures: 0 }, 9000)).toEqual({ kind: 'live', age: 0 });
  });
});

describe('backoff', () => {
  it('doubles to 15 s and never falls under half', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((n) => backoff(n, 0))).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(backoff(3, 1)).toBe(1000);
  });
});
