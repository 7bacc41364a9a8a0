import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client, TokenStore } from './client';
import { STALE_AFTER_MS } from './health';
import { listen } from './listen';
import { fields, instant, list, maybe, number, text } from './loose';

describe('JSON that nobody has checked', () => {
  const ODD = [undefined, null, true, 0, 1.5, NaN, Infinity, '', 'x', '7', [], [1], {}, { a: 1 }, () => 1];

  it('is what was hoped for, or empty: reading never fails', () => {
    expect(ODD.filter((v) => Object.keys(fields(v)).length > 0)).toEqual([{ a: 1 }]);
    expect(ODD.filter((v) => list(v).length > 0)).toEqual([[1]]);
    expect(ODD.filter((v) => text(v) !== '')).toEqual(['x', '7']);
    expect(ODD.filter((v) => number(v) !== 0)).toEqual([1.5]);
    expect(ODD.filter((v) => maybe(v) !== undefined)).toEqual([0, 1.5]);
    expect(ODD.map(instant).filter((at) => at !== undefined && !Number.isFinite(at))).toEqual([]);
  });

  it('has instants with their offsets', () => {
    expect(instant('2026-11-27T10:00:00+08:00')).toBe(Date.UTC(2026, 10, 27, 2));
    expect([instant('soon'), instant(''), instant(1_764_208_800_000), instant(null)]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

declare const setImmediate: (then: () => void) => void; // of Node, which runs the tests

/** Lets the streams of the platform pass their pieces on; they do so without timers. */
const flow = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

describe('listening', () => {
  let writer: ReadableStreamDefaultController<Uint8Array>;
  let asked: { path: string; init: RequestInit }[];

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    asked = [];
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      asked.push({ path, init });
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (writer = controller) });
      init.signal?.addEventListener('abort', () => {
        try {
          writer.error(new Error('aborted'));
        } catch {
          // It has ended already.
        }
      });
      return Promise.resolve(new Response(body));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const say = (words: string | Uint8Array): void => writer.enqueue(typeof words === 'string' ? new TextEncoder().encode(words) : words);

  function begin(lastId = '', tell?: (data: string) => void) {
    const told: string[] = [];
    const control = new AbortController();
    const tokens = new TokenStore(undefined, undefined);
    tokens.set('secret');
    const end = listen(new Client(tokens, () => undefined), '/stream', lastId, control, tell ? (m) => tell(m.data) : (m) => told.push(`${m.event} ${m.id} ${m.data}`));
    const ended = end.then(() => 'ended', (error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`);
    return { told, control, ended };
  }

  it('asks for events with the token in a header, and from where it was', async () => {
    begin();
    begin('41');
    await flow();
    expect(asked.map((a) => a.path)).toEqual(['/stream', '/stream']);
    expect(asked[0]?.init.headers).toEqual({ Authorization: 'Bearer secret', Accept: 'text/event-stream' });
    expect(asked[1]?.init.headers).toMatchObject({ 'Last-Event-ID': '41' });
    expect(asked[0]?.init.cache).toBe('no-store');
  });

  it('tells messages in order, however their bytes are cut', async () => {
    const { told, ended } = begin();
    await flow();
    const bytes = new TextEncoder().encode('id: 7\nevent: changes\ndata: 尚隆路\n\nid: 8\ndata: b\n\n');
    for (const byte of bytes) say(new Uint8Array([byte]));
    writer.close();
    expect(await ended).toBe('ended');
    expect(told).toEqual(['changes 7 尚隆路', 'message 8 b']);
  });

  it('lets a connection go that has fallen silent, and not one that only sends comments', async () => {
    const { control } = begin();
    await flow();
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(STALE_AFTER_MS - 1000);
      say(': still here\n\n');
      await flow();
    }
    expect(control.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(STALE_AFTER_MS);
    expect(control.signal.aborted).toBe(true);
  });

  it('gives up a service that does not even answer', async () => {
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted')))));
    const { ended } = begin();
    await vi.advanceTimersByTimeAsync(STALE_AFTER_MS);
    expect(await ended).toBe('failed: aborted');
  });

  it('fails when it is refused, in the words of the service, and when there is nothing to read', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"detail":"not yours"}', { status: 403 })));
    expect(await begin().ended).toBe('failed: not yours');
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null)));
    expect(await begin().ended).toContain('no body');
  });

  it('leaves nothing open behind it: no timer, and no connection after a listener that fails', async () => {
    const { control, ended } = begin('', () => {
      throw new Error('a listener fell over');
    });
    await flow();
    say('data: a\n\n');
    expect(await ended).toBe('failed: a listener fell over');
    expect(control.signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when it is told to', async () => {
    const { control, ended } = begin();
    await flow();
    control.abort();
    expect(await ended).toBe('failed: aborted');
  });
});
