// What the desk knows and does: the queue, what is looked at with its ranking, who is held, and orders.

import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { MissingError, ProblemError, RefusedError } from '../service/client';
import { readItem, readPage, type Change, type Item } from '../service/data';
import type { StyleSpecification } from 'maplibre-gl';
import type { LiveMap } from '../map/live';
import type { Address } from '../ui/address';
import type { Connection } from '../ui/connection';
import { langOf } from '../ui/shell';
import { binds, readAssignment, readLogStep, type Assignment, type LogStep } from './assignments';
import { EVENT_FIELDS, inOrder, OPEN_STAGES, readEvent, shows, type DeskEvent } from './events';
import { Dispatching } from './dispatching';
import { flat } from './ground';
import { readPlaceCard, type PlaceCard } from './place';
import { Question } from './question';
import { readRanking, type Candidate, type Ranking } from './ranking';
import { Soon } from './soon';
import { USUAL_K, USUAL_LEVEL, type Place, type State } from './state';
import { readCalendar, type WorkCalendar } from './worktime';

/** How many events the queue asks for, and how many steps of the log are shown. */
export const QUEUE_LIMIT = 500;
const LOG_LIMIT = 20;
const POSTS_LIMIT = 1000;

/** How far the calendar reaches to either side of now. */
const CALENDAR_MS = 120 * 86_400_000;

/** How soon the page asks again after a change of what it shows. Positions change all the time. */
const SOON_MS = 250;
const POSITIONS_MS = 5000;
const RETRY_MS = 3000;

/** What the ranking and the card are about. */
export type Subject = { readonly kind: 'event'; readonly id: number } | { readonly kind: 'place'; readonly at: Place; readonly level: number };

/** Desk is the model of the page. */
export class Desk {
  readonly events: Signal<readonly DeskEvent[]> = signal([]);
  /** How many open events there are; undefined before the first answer. */
  readonly open: Signal<number | undefined> = signal(undefined);
  readonly queue: ReadonlySignal<readonly DeskEvent[]>;
  readonly subject: ReadonlySignal<Subject | undefined>;
  /** The event that is looked at; null: there is none, or none that the caller sees. */
  readonly event: Signal<DeskEvent | null | undefined> = signal(undefined);
  readonly card: Signal<PlaceCard | undefined> = signal(undefined);
  readonly ranking: Signal<Ranking | undefined> = signal(undefined);
  /** Why there is no ranking, in the service's words. */
  readonly rankingFault: Signal<string> = signal('');
  readonly assignments: Signal<readonly Assignment[]> = signal([]);
  readonly log: Signal<readonly LogStep[]> = signal([]);
  /** The posts of responders by code. */
  readonly posts: Signal<ReadonlyMap<string, string>> = signal(new Map());
  /** The names of communities by code. */
  readonly areas: Signal<ReadonlyMap<string, string>> = signal(new Map());
  readonly calendar: Signal<WorkCalendar | undefined> = signal(undefined);
  /** Now, to the second. */
  readonly now: Signal<number>;
  /** Now, to ten seconds: for what is many. */
  readonly lately: ReadonlySignal<number>;
  /** The candidate that was chosen by hand. */
  readonly picked: Signal<number | undefined> = signal(undefined);
  readonly candidates: ReadonlySignal<readonly Candidate[]>;
  readonly candidate: ReadonlySignal<Candidate | undefined>;
  readonly role: Signal<string | undefined> = signal(undefined);
  readonly dispatching: Dispatching;
  readonly mayDispatch: ReadonlySignal<boolean>;
  /** Whether events and responders are seen; undefined before the service has said what is. */
  readonly seen: ReadonlySignal<boolean | undefined>;
  /** The style of the map. */
  readonly style: ReadonlySignal<StyleSpecification | undefined>;
  /** The map, for what is done to it from elsewhere; undefined before it stands. */
  readonly map: Signal<LiveMap | undefined> = signal(undefined);
  /** Whether the keys are listed. */
  readonly help: Signal<boolean> = signal(false);
  readonly #queueSoon = new Soon(() => void this.#keep(this.#askQueue));
  readonly #heldSoon = new Soon(() => void this.#keep(this.#askHeld));
  readonly #subjectSoon = new Soon(() => void this.#keep(this.#askSubject));
  readonly #aboutSubject = new Question();
  readonly #aboutQueue = new Question();
  readonly #aboutHeld = new Question();

  constructor(
    readonly connection: Connection,
    readonly address: Address<State>,
    private readonly clock: () => number,
  ) {
    this.now = signal(clock());
    this.style = computed(() => connection.style.value && flat(connection.style.value));
    this.lately = computed(() => Math.floor(this.now.value / 10_000) * 10_000);
    this.seen = computed(() => (connection.collections.value.length === 0 ? undefined : connection.sees('events') && connection.sees('responders')));
    this.mayDispatch = computed(() => this.seen.value === true && this.#layer('events')?.writable === true);
    this.queue = computed(() => inOrder(this.events.value.filter((e) => shows(address.state.value, e)), this.codes('events', 'severity')));
    this.subject = computed(() => subjectOf(address.state.value));
    this.candidates = computed(() => (this.list()?.candidates ?? []).slice(0, 9));
    this.candidate = computed(() => this.candidates.value.find((c) => c.id === this.picked.value) ?? this.candidates.value[0]);
    this.dispatching = new Dispatching(this, clock);
  }

  /** Begins to ask; never ends. */
  start(): void {
    setInterval(() => (this.now.value = this.clock()), 1000);
    this.connection.follow((changes) => this.#changed(changes));
    effect(() => {
      void this.connection.epoch.value;
      if (this.seen.value !== true) return this.#forget();
      this.#queueSoon.within(0);
      this.#heldSoon.within(0);
      void this.#keep(this.#askPosts);
      void this.#keep(this.#askCalendar);
    });
    const about = computed(() => JSON.stringify([this.subject.value, this.connection.epoch.value, this.seen.value, this.address.state.value.k, langOf(this.address.state.value)]));
    effect(() => {
      void about.value;
      this.picked.value = undefined;
      this.role.value = undefined;
      this.#subjectSoon.within(0);
    });
  }

  /** The list of the role that is looked at. */
  list(): Ranking['lists'][number] | undefined {
    const lists = this.ranking.value?.lists ?? [];
    return lists.find((l) => l.role === this.role.value) ?? lists[0];
  }

  /** The values of a code field, in the order of the schema. */
  codes(layer: string, field: string): readonly string[] {
    return [...(this.#layer(layer)?.codes.get(field)?.keys() ?? [])];
  }

  /** The title of a code. */
  title(layer: string, field: string, value: string): string {
    return this.#layer(layer)?.codes.get(field)?.get(value) ?? value;
  }

  /** Who has a code: the post where it is known. */
  post(code: string): string {
    return this.posts.value.get(code) ?? code;
  }

  /** Who is held for what is looked at. */
  held(): readonly Assignment[] {
    const subject = this.subject.value;
    return this.assignments.value.filter((a) => subject?.kind === 'event' && a.event === subject.id && binds(a, this.now.value));
  }

  /** Looks at an event. */
  openEvent(id: number): void {
    this.address.change({ event: id, at: undefined, entering: undefined }, true);
  }

  /** Looks at a place; where an event is being entered, moves it there. */
  openPlace(at: Place): void {
    this.address.change({ at, event: undefined }, !this.address.state.peek().entering);
  }

  /** Looks at nothing. */
  close(): void {
    this.address.change({ event: undefined, at: undefined, entering: undefined, level: undefined }, true);
  }

  /** Asks at once for everything that an order may have changed. */
  async again(): Promise<void> {
    await Promise.all([this.#keep(this.#askHeld), this.#keep(this.#askSubject), this.#keep(this.#askQueue)]);
  }

  #layer(name: string) {
    return this.connection.collections.value.find((c) => c.id === name);
  }

  #forget(): void {
    this.events.value = [];
    this.open.value = undefined;
    this.assignments.value = [];
    for (const question of [this.#aboutSubject, this.#aboutQueue, this.#aboutHeld]) question.drop();
    this.#shown = undefined;
    this.dispatching.notice.value = undefined; // it names a post, and undoes
    this.#clearSubject();
  }

  #changed(changes: readonly Change[]): void {
    const of = (...layers: string[]): boolean => changes.some((c) => layers.includes(c.layer));
    if (of('events')) this.#queueSoon.within(SOON_MS);
    if (of('assignments', 'dispatch_log')) this.#heldSoon.within(SOON_MS);
    if (of('assignments', 'dispatch_log', 'dispatch_parameters') || changes.some((c) => c.layer === 'events' && c.id === this.address.state.peek().event)) this.#subjectSoon.within(SOON_MS);
    else if (of('responders')) this.#subjectSoon.within(POSITIONS_MS);
  }

  /** Asks until it is answered; what the caller may not see is left as it is. */
  async #keep(ask: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof ProblemError && error.status < 500 && error.status !== 429) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  readonly #askQueue = (): Promise<void> => this.#aboutQueue.put(async (current) => {
    const page = readPage(await this.connection.client.json(`/collections/events/items?stage=${OPEN_STAGES.join(',')}&sortby=-level,-reported_at&limit=${QUEUE_LIMIT}&properties=${EVENT_FIELDS}`));
    if (!current()) return;
    this.events.value = page.items.map(readEvent);
    this.open.value = page.matched;
  });

  readonly #askHeld = (): Promise<void> => this.#aboutHeld.put(async (current) => {
    if (!this.connection.sees('assignments')) return;
    const page = readPage(await this.connection.client.json('/collections/assignments/items?limit=1000'));
    if (!current()) return;
    this.assignments.value = page.items.map(readAssignment);
    const event = this.address.state.peek().event;
    const steps = event === undefined || !this.connection.sees('dispatch_log') ? [] : await this.#items(`/collections/dispatch_log/items?event_id=${event}&sortby=-at&limit=${LOG_LIMIT}`);
    if (current() && event === this.address.state.peek().event) this.log.value = steps.map(readLogStep);
  });

  readonly #askPosts = async (): Promise<void> => {
    const named = await this.#items('/collections/communities/items?properties=code,name&limit=200');
    this.areas.value = new Map(named.map((i) => [String(i.values['code'] ?? ''), String(i.values['name'] ?? '')] as const));
    const items = await this.#items(`/collections/responders/items?properties=code,title&limit=${POSTS_LIMIT}`);
    this.posts.value = new Map(items.map((i) => [String(i.values['code'] ?? ''), String(i.values['title'] ?? i.values['code'] ?? '')] as const));
  };

  readonly #askCalendar = async (): Promise<void> => {
    const day = (ms: number): string => new Date(this.clock() + ms).toISOString().slice(0, 10);
    try {
      this.calendar.value = readCalendar(await this.connection.client.json(`/calendar?from=${day(-CALENDAR_MS)}&to=${day(CALENDAR_MS)}`));
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
      this.calendar.value = undefined; // a service without a calendar: time is calendar time
    }
  };

  async #items(path: string): Promise<readonly Item[]> {
    return readPage(await this.connection.client.json(path)).items;
  }

  /** Asks for the event, its card and its ranking. An answer that came too late for what is looked at now is dropped. */
  readonly #askSubject = (): Promise<void> => this.#aboutSubject.put(async (current) => {
    const subject = this.subject.peek();
    const changed = JSON.stringify(subject) !== this.#shown;
    this.#shown = JSON.stringify(subject);
    if (changed) this.#clearSubject();
    if (!subject) return;
    let at: Place | undefined = subject.kind === 'place' ? subject.at : undefined;
    if (subject.kind === 'event' && this.seen.peek()) {
      const event = await this.#askEvent(subject.id);
      if (!current()) return;
      this.event.value = event;
      at = event?.at;
      if (changed) this.#heldSoon.within(0);
    }
    const lang = langOf(this.address.state.peek());
    await Promise.all([
      at && this.connection.client.json(`/locate?lon=${at[0]}&lat=${at[1]}&lang=${lang}`).then((b) => void (current() && (this.card.value = readPlaceCard(b)))),
      at && this.seen.peek() && this.#askRanking(subject, current),
    ]);
  });

  #shown: string | undefined;

  #clearSubject(): void {
    this.event.value = undefined;
    this.card.value = undefined;
    this.ranking.value = undefined;
    this.rankingFault.value = '';
    this.log.value = [];
  }

  async #askEvent(id: number): Promise<DeskEvent | null> {
    try {
      const item = readItem(await this.connection.client.json(`/collections/events/items/${id}`));
      return item ? readEvent(item) : null;
    } catch (error) {
      if (error instanceof MissingError || error instanceof RefusedError) return null;
      throw error;
    }
  }

  async #askRanking(subject: Subject, current: () => boolean): Promise<void> {
    const k = this.address.state.peek().k ?? USUAL_K;
    const about = subject.kind === 'event' ? `event=${subject.id}` : `lon=${subject.at[0]}&lat=${subject.at[1]}&level=${subject.level}`;
    try {
      const ranking = readRanking(await this.connection.client.json(`/dispatch?${about}&k=${k}`));
      if (!current()) return;
      this.ranking.value = ranking;
      this.rankingFault.value = '';
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status >= 500) throw error;
      if (current()) this.rankingFault.value = error.message;
    }
  }
}

/** What an address is about. */
export function subjectOf(state: State): Subject | undefined {
  if (state.event !== undefined) return { kind: 'event', id: state.event };
  if (state.at && !state.entering) return { kind: 'place', at: state.at, level: state.level ?? USUAL_LEVEL };
  return undefined;
}
