import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client, TokenStore } from './client';
import { judge, STALE_AFTER_MS } from './health';
import { Stream } from './stream';

declare const setImmediate: (then: () => void) => void; // of Node, which runs the tests

/** A service whose streams the test writes and breaks by hand. */
class Service extends Client {
  readonly asked: Record<string, string>[] = [];
  #open: ReadableStreamDefaultController<Uint8Array> | undefined;
  down = false;

  constructor() {
    super(new TokenStore(undefined, undefined), () => undefined);
  }

  override get(_path: string, init: RequestInit = {}): Promise<Response> {
    this.asked.push(init.headers as Record<string, string>);
    if (this.down) return Promise.reject(new Error('down'));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#open = controller;
        init.signal?.addEventListener('abort', () => {
          try {
            controller.error(new Error('aborted'));
          } catch {
            // It has ended already.
          }
        });
      },
    });
    return Promise.resolve(new Response(body));
  }

  say(text: string): void {
    this.#open?.enqueue(new TextEncoder().encode(text));
  }

  cut(): void {
    this.#open?.close();
  }
}

const event = (name: string, seq: number, changes = ''): string => `id: ${seq}\nevent: ${name}\ndata: {"seq":${seq},"at":"2017-12-01T04:00:00Z"${changes}}\n\n`;

function setUp(): { service: Service; stream: Stream; told: string[]; settle: (ms?: number) => Promise<void> } {
  const service = new Service();
  const told: string[] = [];
  const stream = new Stream(
    service,
    { changes: (c) => told.push(`changes ${c.map((x) => `${x.layer}/${x.id}`).join()}`), reload: () => told.push('reload'), joined: () => told.push('joined') },
    () => Date.now(),
  );
  void stream.run();
  return { service, stream, told, settle: (ms = 10) => vi.advanceTimersByTimeAsync(ms).then(() => undefined) };
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => vi.useRealTimers());

/** Lets the streams of the platform pass their pieces on; they do so without timers. */
const flow = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

describe('Stream', () => {
  it('tells what comes, in order, and knows the highest number', async () => {
    const { service, stream, told } = setUp();
    await flow();
    service.say(event('hello', 7) + event('changes', 8, ',"changes":[{"layer":"events","id":5,"op":"insert","bounds":[]}]') + event('heartbeat', 8));
    await flow();
    expect(told).toEqual(['joined', 'changes events/5']);
    expect(stream.seq).toBe(8);
    expect(stream.signs.connected).toBe(true);
    stream.stop();
  });

  it('resumes after the last number when the connection breaks', async () => {
    const { service, stream, told, settle } = setUp();
    await flow();
    service.say(event('hello', 7) + event('changes', 9, ',"changes":[]'));
    await flow();
    service.cut();
    await flow();
    expect(stream.signs).toMatchObject({ connected: false, failures: 1 });
    await settle(600);
    await flow();
    expect(service.asked.map((h) => h['Last-Event-ID'])).toEqual([undefined, '9']);
    service.say(event('hello', 9));
    await flow();
    expect(told).toEqual(['joined', 'changes ', 'joined']);
    expect(stream.signs).toMatchObject({ connected: true, failures: 0 });
    stream.stop();
  });

  it('does not take what the service remembers for news of the record', async () => {
    const { service, stream } = setUp();
    await flow();
    service.say(event('heartbeat', 7, ',"age_seconds":3600'));
    await flow();
    expect(judge(stream.signs, Date.now())).toMatchObject({ kind: 'stale', age: 3_600_000 });
    service.say(event('heartbeat', 8, ',"age_seconds":0.5'));
    await flow();
    expect(judge(stream.signs, Date.now())).toEqual({ kind: 'live', age: 500 });
    stream.stop();
  });

  it('gives up a connection that has fallen silent', async () => {
    const { service, stream, settle } = setUp();
    await flow();
    service.say(event('hello', 7));
    await flow();
    await settle(STALE_AFTER_MS + 10);
    await flow();
    expect(stream.signs.connected).toBe(false);
    await settle(600);
    await flow();
    expect(service.asked).toHaveLength(2);
    stream.stop();
  });

  it('passes a reload on, and asks for one when the record has gone back', async () => {
    const { service, stream, told, settle } = setUp();
    await flow();
    service.say(event('hello', 70) + event('reload', 90));
    await flow();
    service.cut();
    await flow();
    await settle(600);
    await flow();
    service.say(event('hello', 3));
    await flow();
    expect(told).toEqual(['joined', 'reload', 'joined', 'reload']);
    expect(stream.seq).toBe(3);
    stream.stop();
  });

  it('waits longer and longer while the service is down, and not at all when hurried', async () => {
    const { service, stream, settle } = setUp();
    await flow();
    service.down = true;
    service.cut();
    await flow();
    for (let i = 0; i < 60; i++) {
      await settle(1000);
      await flow();
    }
    const tries = service.asked.length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(16);
    stream.hurry();
    await flow();
    expect(service.asked).toHaveLength(tries + 1);
    stream.stop();
  });

  it('forgets what it saw when it restarts as another caller', async () => {
    const { service, stream, settle } = setUp();
    await flow();
    service.say(event('hello', 7));
    await flow();
    stream.restart();
    await flow();
    await settle(600);
    await flow();
    expect(service.asked.at(-1)?.['Last-Event-ID']).toBeUndefined();
    stream.stop();
  });
});
