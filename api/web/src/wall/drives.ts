// What moves the wall besides a person's hand: the tour, the past that is played, another device, and the watchman.

import { computed, effect, signal, type Signal } from '@preact/signals';
import { countFeatures } from '../map/counting';
import { Asked } from './asked';
import { loadedFiles, Watchman } from './kiosk';
import { asGeoJSON, periodOf, Playback, record, type Recording } from './playback';
import { PLAYBACK, playbackOverlay } from './playbackoverlay';
import { Remote, wishOf, type Command } from './remote';
import { MODES } from './state';
import { readTour, Tour, type TourStop } from './tour';
import type { Wall } from './wall';

/** How often the past moves on. */
const FRAME_MS = 250;
/** The tour may have become another one. */
const ASK_TOUR_MS = 10 * 60_000;
/** How long an event fills a wall that nobody sits at. */
const TAKEOVER_MS = 60_000;
/** A key that drives the tour is not a touch that holds it. */
const SAME_TOUCH_MS = 80;
/** Beyond the newest event there is nothing to play. */
const AFTER_NEWEST_MS = 86_400_000;

/** Drives holds them. */
export class Drives {
  readonly playback: Playback;
  readonly tour = new Tour((stop) => this.#visit(stop));
  /** Whether the period could not be read at the last try. */
  readonly failed: Signal<boolean> = signal(false);
  /** Whether the sheet of keys is shown. */
  readonly sheet: Signal<boolean> = signal(false);
  /** The panel that the tour looks at. */
  readonly looked: Signal<string | undefined> = signal(undefined);
  readonly #recording: Asked<Recording>;
  readonly #watchman: Watchman;
  #remote: Remote | undefined;
  #touchedAt = -Infinity;
  #droveAt = -Infinity;
  #taken: { readonly id: number; readonly at: number } | undefined;
  #lostAt: number | undefined;
  #frameAt = performance.now();
  #shown: readonly number[] = [];

  constructor(private readonly wall: Wall) {
    const { address, connection } = wall;
    this.playback = new Playback(address.state, (words) => address.change(words));
    const question = computed(() => {
      const period = this.playback.period.value;
      const sees = connection.collections.value.some((c) => c.id === 'events');
      return period && sees ? `${period.from} ${period.to} ${address.state.value.scope ?? ''}` : undefined;
    });
    this.#recording = new Asked(question, connection.epoch, (asked) => this.#record(asked));
    this.#watchman = new Watchman(loadedFiles(), () => this.#look());
  }

  /** How many events of the past the map holds in view. */
  get played(): number {
    const live = this.wall.map.peek()?.live;
    return live && !live.gone && live.gl.getSource(PLAYBACK) ? countFeatures(live.gl.querySourceFeatures(PLAYBACK)) : 0;
  }

  /** Begins; never ends. */
  start(): void {
    const { wall } = this;
    effect(() => {
      void wall.address.state.value;
      this.playback.follow();
    });
    effect(() => {
      this.playback.recording.value = this.#recording.value.value;
    });
    effect(() => this.#draw());
    effect(() => {
      if (wall.touched.value > 0) this.#touched();
    });
    effect(() => this.tour.set(wall.address.state.value.tour === true));
    effect(() => this.#listen(wall.address.state.value.name));
    effect(() => {
      if (wall.connection.epoch.value > 0) this.#remote?.restart();
    });
    effect(() => {
      void [wall.connection.epoch.value, wall.connection.joined.value];
      void this.#askTour();
      this.#watchman.askBuild();
    });
    setInterval(() => this.#frame(), FRAME_MS);
    setInterval(() => this.#second(), 1000);
    setInterval(() => void this.#askTour(), ASK_TOUR_MS);
    wall.keys.add(this.#keys());
    this.#watchman.start(wall.address.state.peek().kiosk === true);
  }

  /** Starts the tour, or ends it. */
  switchTour(): void {
    this.wall.address.change({ tour: this.wall.address.state.peek().tour ? undefined : true });
  }

  /** Plays the day of the newest event, or goes back to now. */
  switchPlayback(): void {
    if (this.playback.on.peek()) {
      this.playback.live();
      return;
    }
    if (!this.wall.connection.sees('events')) return;
    this.playback.seek(periodOf(this.wall.facts.figures.value.peek()?.newest ?? Date.now(), '1d').from);
    this.playback.play(true);
  }

  // --- the past

  async #record(asked: string): Promise<Recording> {
    const [from, to, scope] = asked.split(' ');
    try {
      const recording = await record(this.wall.connection.client, { from: Number(from), to: Number(to) }, scope || undefined);
      this.failed.value = false;
      return recording;
    } catch (error) {
      this.failed.value = true;
      throw error;
    }
  }

  /** Lays the past over the map, or takes it away. */
  #draw(): void {
    const map = this.wall.map.value;
    const style = this.wall.connection.style.value;
    const on = this.playback.on.value;
    if (!map || !style) return;
    this.#shown = [];
    map.live.data(PLAYBACK, asGeoJSON([]));
    map.live.overlay(PLAYBACK, on ? playbackOverlay(style) : undefined);
  }

  #frame(): void {
    const now = performance.now();
    const passed = Math.min(1000, now - this.#frameAt); // a page that slept does not leap
    this.#frameAt = now;
    if (!this.playback.on.peek()) return;
    this.playback.advance(passed, Date.now());
    const newest = this.wall.facts.figures.value.peek()?.newest;
    if (newest !== undefined && this.playback.playing.peek() && (this.playback.at.peek() ?? 0) > newest + AFTER_NEWEST_MS) this.playback.play(false);
    const open = this.playback.open.peek();
    if (!open) return;
    const ids = open.map((e) => e.item.id);
    if (ids.length === this.#shown.length && ids.every((id, i) => id === this.#shown[i])) return;
    this.#shown = ids;
    this.wall.map.peek()?.live.data(PLAYBACK, asGeoJSON(open));
  }

  // --- the tour

  async #askTour(): Promise<void> {
    try {
      this.tour.stops = readTour(await this.wall.connection.client.json('/tour.json'));
    } catch {
      // The stops that are known stay; they are asked for again.
    }
  }

  #second(): void {
    const { wall } = this;
    this.#endTakeover();
    const gone = wall.map.peek()?.live.gone === true;
    this.#lostAt = gone ? (this.#lostAt ?? performance.now()) : undefined;
    const now = Date.now();
    if (wall.alarms.queue.peek().length > 0 || wall.alarms.banner.peek()) this.tour.hold(now);
    if (wall.address.state.peek().incident === undefined) this.tour.tick(now);
  }

  /** Nobody acknowledges what a kiosk shows: after a while the next event, or the map, has its turn. */
  #endTakeover(): void {
    const first = this.wall.alarms.queue.peek()[0];
    const at = performance.now();
    if (first?.item.id !== this.#taken?.id) this.#taken = first && { id: first.item.id, at };
    if (this.#taken && this.wall.address.state.peek().kiosk && at - this.#taken.at > TAKEOVER_MS) this.wall.alarms.see([this.#taken.id]);
  }

  #visit(stop: TourStop): void {
    const { wall } = this;
    const { hide } = wall.address.state.peek();
    this.looked.value = stop.panel;
    wall.map.peek()?.close();
    wall.address.change({
      scope: stop.scope === wall.facts.areas.peek().root?.code ? undefined : stop.scope,
      view: stop.view,
      ...(stop.layers ? { layers: stop.layers } : {}),
      ...(stop.heat === undefined ? {} : { heat: stop.heat }),
      ...(stop.panel ? { hide: hide?.filter((name) => name !== stop.panel && name !== 'all') } : {}),
    });
    if (stop.view) wall.map.peek()?.aim({ view: stop.view, outline: [] });
    else if (!stop.scope) wall.map.peek()?.place();
  }

  #touched(): void {
    this.#touchedAt = performance.now();
    if (this.#touchedAt - this.#droveAt > SAME_TOUCH_MS) this.tour.hold(Date.now());
  }

  // --- another device

  #listen(name: string | undefined): void {
    this.#remote?.stop();
    this.#remote = name === undefined ? undefined : new Remote(this.wall.connection.client, name, (command) => this.#obey(command));
    void this.#remote?.run();
  }

  #obey(command: Command): void {
    const wish = wishOf(command);
    if (!wish) return;
    const { wall } = this;
    const { mode, tour, ...state } = wish.state ?? {};
    if (wish.state) {
      this.tour.hold(Date.now());
      wall.address.change({ ...state, ...('mode' in wish.state ? { mode: MODES.find((known) => known === mode) } : {}), ...('tour' in wish.state ? { tour: tour ? true : undefined } : {}) });
      if (state.view) wall.map.peek()?.aim({ view: state.view, outline: [] });
      else if ('view' in state) wall.map.peek()?.place();
    }
    if (wish.play !== undefined) this.playback.play(wish.play);
    if (wish.tour === 'pause') this.tour.toggle(Date.now());
    else if (wish.tour) this.tour.step(wish.tour === 'next' ? 1 : -1, Date.now());
    if (wish.seen) wall.alarms.see(wall.alarms.list.peek().map((alarm) => alarm.item.id));
    if (wish.reload) void this.#watchman.restart();
  }

  // --- keys and the watchman

  #keys(): Record<string, () => void> {
    const driving = (act: () => void) => (): void => {
      this.#droveAt = performance.now();
      act();
    };
    const move = (by: number): void => (this.playback.on.peek() ? this.playback.step(by) : this.tour.step(by, Date.now()));
    const pause = (): void => (this.playback.on.peek() ? this.playback.play(!this.playback.playing.peek()) : this.tour.running ? this.tour.toggle(Date.now()) : this.switchTour());
    return {
      PageDown: driving(() => move(1)),
      PageUp: driving(() => move(-1)),
      ArrowRight: driving(() => move(1)),
      ArrowLeft: driving(() => move(-1)),
      ' ': driving(pause),
      b: driving(pause), // the key by which many clickers darken the screen
      t: driving(() => this.switchTour()),
      r: driving(() => this.switchPlayback()),
      '?': () => (this.sheet.value = !this.sheet.peek()),
      Home: () => this.wall.visit(undefined),
    };
  }

  #look(): { idle: number; silent: number; lost: number; quiet: boolean; daily: boolean } {
    const { wall } = this;
    const at = performance.now();
    const { incident, reload } = wall.address.state.peek();
    const health = wall.connection.health.peek();
    return {
      idle: at - Math.max(0, this.#touchedAt),
      silent: wall.connection.connected ? 0 : health.kind === 'joining' ? at : health.age,
      lost: this.#lostAt === undefined ? 0 : at - this.#lostAt,
      quiet: wall.alarms.queue.peek().length === 0 && !wall.alarms.banner.peek() && incident === undefined && !this.playback.on.peek(),
      daily: reload === 'daily',
    };
  }
}
