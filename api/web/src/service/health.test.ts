import { describe, expect, it } from 'vitest';
import { backoff, judge, STALE_AFTER_MS, troubleOf } from './health';

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

describe('troubleOf', () => {
  const degraded = { status: 'degraded', reason: 'the database refuses connections', age: 90 };

  it('tells of nothing while all is well or not known', () => {
    expect(troubleOf(true, undefined, 'zh')).toBeUndefined();
    expect(troubleOf(true, { status: 'ready', reason: '', age: 0 }, 'zh')).toBeUndefined();
  });

  it('tells why, and since when the record is silent', () => {
    expect(troubleOf(true, degraded, 'zh')).toEqual({ reason: 'the database refuses connections', recordAge: 90_000 });
    expect(troubleOf(false, degraded, 'zh')).toEqual({ reason: '无法连接服务' });
  });

  it('says in the language of the page that a local copy is shown, and of when it is', () => {
    const copy = Date.UTC(2026, 10, 26, 13, 0, 5);
    expect(troubleOf(true, { ...degraded, copy }, 'zh')?.reason).toBe('记录数据库无法连接,所示为 2026-11-26 21:00:05 的本地副本,暂不能写入');
    expect(troubleOf(true, { ...degraded, copy }, 'en')?.reason).toContain('local copy of 2026-11-26 21:00:05');
  });
});

describe('backoff', () => {
  it('doubles to 15 s and never falls under half', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((n) => backoff(n, 0))).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(backoff(3, 1)).toBe(1000);
  });
});
