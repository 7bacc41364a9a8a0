// What every page of people needs of the service: who asks, what there is, and whether it is live.

import { effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { StyleSpecification } from 'maplibre-gl';
import { Client, openTokenStore, RefusedError, type TokenStore } from '../service/client';
import { readCollections, readReadiness, type Change, type LayerCard, type Readiness } from '../service/data';
import { judge, troubleOf, type Health } from '../service/health';
import { Stream } from '../service/stream';
import { ago, type Lang } from '../words/format';
import { say } from '../words/text';
import { takeToken } from './address';
import type { Theme } from './theme';

const ASK_READINESS_MS = 10_000;
const RETRY_MS = 3000;

/** Connection owns the client and the stream of a page. */
export class Connection {
  readonly client: Client;
  readonly health: Signal<Health> = signal({ kind: 'joining' });
  /** What is wrong with the service, in a sentence. */
  readonly trouble: Signal<string | undefined> = signal(undefined);
  /** The layers that the caller may see, titles in the page's language; empty before the first answer. */
  readonly collections: Signal<readonly LayerCard[]> = signal([]);
  /** The map style in the page's language and theme; undefined before the first answer. */
  readonly style: Signal<StyleSpecification | undefined> = signal(undefined);
  /** Whether there is a token. */
  readonly known: Signal<boolean>;
  /** The token was sent and refused. */
  readonly refused: Signal<boolean> = signal(false);
  /** Whether the dialog for the token is open. */
  readonly asking: Signal<boolean> = signal(false);
  /** Counts the times when everything should be asked again. */
  readonly epoch: Signal<number> = signal(0);
  /** Counts the times when the stream began to speak: what failed before may succeed now. */
  readonly joined: Signal<number> = signal(0);
  readonly #stream: Stream;
  readonly #tokens: TokenStore;
  readonly #followers = new Set<(changes: readonly Change[]) => void>();
  #readiness: Readiness | undefined;
  #reachable = true;

  constructor(
    private readonly lang: ReadonlySignal<Lang>,
    private readonly theme: ReadonlySignal<Theme>,
  ) {
    this.#tokens = openTokenStore();
    const token = takeToken();
    if (token !== undefined) this.#tokens.set(token);
    this.known = signal(this.#tokens.token !== undefined);
    this.client = new Client(this.#tokens, () => this.use(undefined, true));
    this.#stream = new Stream(
      this.client,
      {
        changes: (changes) => this.#followers.forEach((tell) => tell(changes)),
        reload: () => this.#again(),
        joined: () => {
          this.joined.value = this.joined.peek() + 1;
          void this.#askReadiness();
        },
      },
      () => performance.now(),
    );
  }

  /** Begins to listen; never ends. */
  start(): void {
    void this.#stream.run();
    setInterval(() => this.#second(), 1000);
    setInterval(() => void this.#askReadiness(), ASK_READINESS_MS);
    window.addEventListener('online', () => this.#stream.hurry());
    document.addEventListener('visibilitychange', () => this.#stream.hurry());
    effect(() => {
      void this.#askGround(this.lang.value, this.theme.value, this.epoch.value);
    });
  }

  /** Calls `tell` with each batch of changes; the function returned stops it. */
  follow(tell: (changes: readonly Change[]) => void): () => void {
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }

  /** Asks as the holder of another token; undefined is the public. */
  use(token: string | undefined, refused = false): void {
    this.#tokens.set(token);
    this.known.value = token !== undefined;
    this.refused.value = refused;
    this.collections.value = []; // what the next caller may see is not known yet
    this.#stream.restart();
    this.#again();
  }

  /** Whether the stream is connected now. */
  get connected(): boolean {
    return this.#stream.signs.connected;
  }

  /** The number of the last change heard of. */
  get seq(): number {
    return this.#stream.seq;
  }

  /** Whether the caller may see a layer. */
  sees(layer: string): boolean {
    return this.collections.value.some((c) => c.id === layer);
  }

  #again(): void {
    this.epoch.value = this.epoch.peek() + 1;
  }

  async #askGround(lang: Lang, theme: Theme, epoch: number): Promise<void> {
    const wanted = (): boolean => this.lang.peek() === lang && this.theme.peek() === theme && this.epoch.peek() === epoch;
    while (wanted()) {
      try {
        const [listed, style] = await Promise.all([
          this.client.json(`/collections?lang=${lang}`),
          this.client.json(`/style.json?lang=${lang}&theme=${theme}`),
        ]);
        if (!wanted()) return;
        this.collections.value = readCollections(listed, lang);
        this.style.value = style as StyleSpecification; // checked by the map itself
        return;
      } catch (error) {
        if (error instanceof RefusedError) return; // the client has dropped the token, and asks anew without it
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #askReadiness(): Promise<void> {
    try {
      this.#readiness = readReadiness(await this.client.json('/readyz'));
      this.#reachable = true;
    } catch (error) {
      this.#reachable = error instanceof RefusedError;
    }
    this.#second();
  }

  #second(): void {
    const health = judge(this.#stream.signs, performance.now());
    const before = this.health.peek();
    if (JSON.stringify(health) !== JSON.stringify(before)) this.health.value = health;
    const lang = this.lang.peek();
    const trouble = troubleOf(this.#reachable, this.#readiness, lang);
    const age = trouble?.recordAge === undefined ? '' : ` · ${say(lang, 'recordAge', { age: ago(trouble.recordAge, lang) })}`;
    this.trouble.value = trouble && trouble.reason + age;
  }
}
