// Following /stream: read through fetch, so that the token goes in a header; resumed by the last number seen.

import type { Client } from './client';
import { readNews, type Change } from './data';
import { backoff, type Signs } from './health';
import { listen } from './listen';

/** What a follower is told. Nothing here may throw. */
export interface Follower {
  /** Changes in the order in which they became true. */
  changes(changes: readonly Change[], at: number): void;
  /** Something may have been missed: fetch everything again. */
  reload(): void;
  /** The connection stands, for the first time or again. */
  joined(): void;
}

/** Stream keeps one connection to /stream and opens it anew whenever it breaks, falls silent or is refused. */
export class Stream {
  #begun: number;
  #heard: number | undefined;
  #connected = false;
  #failures = 0;
  #seq = 0;
  #lastId = '';
  #stopped = false;
  #current: AbortController | undefined;
  #wake: (() => void) | undefined;

  constructor(
    private readonly client: Client,
    private readonly follower: Follower,
    private readonly now: () => number,
  ) {
    this.#begun = now();
  }

  /** The highest number heard of; 0 before the first message. */
  get seq(): number {
    return this.#seq;
  }

  /** What judge needs to know. */
  get signs(): Signs {
    return {
      begun: this.#begun,
      connected: this.#connected,
      failures: this.#failures,
      ...(this.#heard === undefined ? {} : { heard: this.#heard }),
    };
  }

  /** Runs until stop is called. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#connect();
      } catch {
        // Refused, broken or silent: all are answered by trying again.
      }
      this.#connected = false;
      if (this.#stopped) return;
      this.#failures++;
      await this.#pause(backoff(this.#failures, Math.random()));
    }
  }

  /** Connects again at once, as another caller perhaps: what was seen before counts no more. */
  restart(): void {
    this.#lastId = '';
    this.#failures = 0;
    this.#current?.abort();
    this.#wake?.();
  }

  /** Tries again now instead of after the pause, where there is one. */
  hurry(): void {
    this.#wake?.();
  }

  /** Ends the connection for good. */
  stop(): void {
    this.#stopped = true;
    this.#current?.abort();
    this.#wake?.();
  }

  async #connect(): Promise<void> {
    const control = new AbortController();
    this.#current = control;
    await listen(this.client, '/stream', this.#lastId, control, (message) => {
      if (message.id !== '') this.#lastId = message.id;
      this.#take(message.event, message.data);
    });
  }

  #take(event: string, data: string): void {
    const news = readNews(data);
    const before = this.#seq;
    this.#heard = this.now() - news.age * 1000; // a service whose record is away speaks of the past
    this.#connected = true;
    this.#failures = 0;
    this.#seq = event === 'hello' || event === 'reload' ? news.seq : Math.max(before, news.seq);
    if (event === 'changes') this.follower.changes(news.changes, news.at);
    else if (event === 'reload') this.follower.reload();
    else if (event === 'hello') {
      this.follower.joined();
      if (news.seq < before) this.follower.reload(); // a record that went back is another record
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const wake = (): void => {
        clearTimeout(timer);
        done();
      };
      const self = this;
      function done(): void {
        self.#wake = undefined;
        resolve();
      }
      this.#wake = wake;
    });
  }
}
