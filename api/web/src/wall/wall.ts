// The wall: its controllers, joined. What is asked is in facts, what is drawn in the components.

import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { readItem, valueText, type Change, type Item } from '../service/data';
import { Address } from '../ui/address';
import { Connection } from '../ui/connection';
import type { Lang } from '../words/format';
import { say } from '../words/text';
import { HEAT, drawnLayers, type DrawnLayer } from '../map/style';
import { h } from 'preact';
import { Card } from './card';
import { Alarms } from './alarms';
import type { Area } from './areas';
import { Drives } from './drives';
import { Facts } from './facts';
import { Incident } from './incident';
import { inside } from './inside';
import { Keys } from './keys';
import type { WallMap } from './map';
import { LIVE_ONLY } from './playbackoverlay';
import { tell } from './words';
import { ring } from './sound';
import { codec, type WallState } from './state';

/** Figures change as time goes by, also where nothing else does. */
const ASK_MS = 60_000;

/** Wall holds what the page is about; components read its signals. */
export class Wall {
  readonly address = new Address<WallState>(codec);
  readonly lang: ReadonlySignal<Lang> = computed(() => this.address.state.value.lang ?? 'zh');
  readonly connection = new Connection(this.lang, signal('dark'));
  /** This computer's clock, every second, in milliseconds since 1970. */
  readonly now: Signal<number> = signal(Date.now());
  readonly facts = new Facts(this.connection, this.address.state);
  readonly incident = new Incident(this.connection, this.address.state, this.lang);
  readonly alarms = new Alarms(this.now);
  readonly keys = new Keys();
  /** The map, once there is one. */
  readonly map: Signal<WallMap | undefined> = signal(undefined);
  /** When the last change came. */
  readonly changedAt: Signal<number | undefined> = signal(undefined);
  /** Events that are marked as new in the list, with the time since when. */
  readonly marked: Signal<ReadonlyMap<number, number>> = signal(new Map());
  /** Counts the times when a person touched the wall: what runs by itself pauses. */
  readonly touched: Signal<number> = signal(0);
  /** The area that everything is narrowed to; undefined for all. */
  readonly scope: ReadonlySignal<Area | undefined> = computed(() => this.facts.areas.value.find(this.address.state.value.scope));
  /** What the style draws, with its legends. */
  readonly drawn: ReadonlySignal<readonly DrawnLayer[]> = computed(() => (this.connection.style.value ? drawnLayers(this.connection.style.value) : []));

  /** What moves the wall besides a hand: tour, playback, remote control. */
  readonly drives = new Drives(this);
  /** The moment that the wall shows: now, or one of the past. */
  readonly time: ReadonlySignal<number> = computed(() => this.drives.playback.at.value ?? this.now.value);

  /** Begins to listen and to ask; never ends. */
  start(): void {
    this.drives.start();
    this.connection.follow((changes) => this.#take(changes));
    this.connection.start();
    setInterval(() => (this.now.value = Date.now()), 1000);
    setInterval(() => this.facts.soon(), ASK_MS);
    ring(this.alarms, () => this.address.state.peek().sound ?? false);
    this.keys.listen(window);
    this.keys.add(this.#keys());
    for (const kind of ['pointerdown', 'keydown', 'wheel']) window.addEventListener(kind, () => this.touched.value++, { passive: true });
    effect(() => {
      void this.connection.known.value;
      this.alarms.forget(); // another caller may not see them
    });
  }

  /** Goes to an area; undefined is the whole subdistrict. The browser's back button comes back. */
  visit(code: string | undefined): void {
    const root = this.facts.areas.peek().root?.code;
    this.address.change({ scope: code === root ? undefined : code, view: undefined, incident: undefined }, true);
    this.map.peek()?.close();
  }

  /** Goes one step down, into the part of the scope that holds a place (lon, lat); on bare ground outside it, one step up. */
  drill(at: readonly [number, number]): void {
    if (this.address.state.peek().incident !== undefined) return;
    const { areas, shapes } = this.facts;
    const here = this.scope.peek() ?? areas.peek().root;
    if (!here) return;
    const part = areas.peek().in(here.code).find((area) => inside(shapes.peek().get(area.code), at));
    if (part) this.visit(part.code);
    else if (!inside(shapes.peek().get(here.code), at) && this.scope.peek()) this.back();
  }

  /** Gives the whole wall to one event. */
  enter(id: number): void {
    this.map.peek()?.close();
    this.address.change({ incident: id, view: undefined, kpi: undefined, records: undefined }, true);
  }

  /** Goes one step back: out of an incident, from a grid to its zone, to the community, to the whole. */
  back(): void {
    const { incident, view } = this.address.state.peek();
    const scope = this.scope.peek();
    if (incident !== undefined) this.address.change({ incident: undefined, view: undefined }, true);
    else if (scope) this.visit(scope.parent || undefined);
    else if (view) this.address.change({ view: undefined });
    this.map.peek()?.place();
  }

  /** Whether a layer of the catalogue, or the heat, is shown. */
  isShown(name: string): boolean {
    return !(LIVE_ONLY.has(name) && this.drives.playback.on.value) && this.#isChosen(name);
  }

  /** Whether it is shown, or will be when the past is left. */
  #isChosen(name: string): boolean {
    const { heat, incident, layers, mode } = this.address.state.value;
    const drawn = this.drawn.value.find((l) => l.name === name)?.shown ?? true;
    if (name === HEAT) return (heat ?? drawn) && incident === undefined && mode === undefined; // one painting at a time
    if (!this.connection.sees(name)) return true; // the ground
    return layers?.includes(name) ?? drawn;
  }

  /** Shows or hides a layer. */
  toggle(name: string): void {
    if (name === HEAT) {
      this.address.change({ heat: !this.isShown(HEAT), mode: undefined });
      return;
    }
    const known = this.drawn.peek().map((l) => l.name).filter((n) => this.connection.sees(n));
    const hidden = (this.address.state.peek().layers ?? []).filter((n) => !known.includes(n)); // chosen, but not this caller's to see
    this.address.change({ layers: [...known.filter((n) => (n === name ? !this.isShown(n) : this.#isChosen(n))), ...hidden] });
  }

  /** Narrows the list to a level, or with the chosen one again widens it. */
  pickLevel(level: number | undefined): void {
    this.address.change({ level: level === this.address.state.peek().level ? undefined : level });
  }

  /** Lets alarms be heard, or not. */
  switchSound(): void {
    this.address.change({ sound: this.address.state.peek().sound ? undefined : true });
  }

  /** Changes the language. */
  switchLang(): void {
    this.address.change({ lang: this.lang.peek() === 'zh' ? 'en' : 'zh' });
  }

  /** Folds a panel away or brings it back. */
  fold(panel: string): void {
    const hidden = this.address.state.peek().hide ?? [];
    const next = hidden.includes(panel) ? hidden.filter((p) => p !== panel) : [...hidden, panel];
    this.address.change({ hide: next.length > 0 ? next : undefined });
  }

  /** Shows a feature where it is, with its card. */
  open(item: Item, layer = 'events', fly = true): void {
    const map = this.map.peek();
    if (!map || !item.point) return;
    const [lon, lat] = item.point;
    if (fly) map.fly([lon, lat, lon, lat], 17);
    if (layer === 'events') map.flash(item.point, valueText(item, 'severity'));
    const enter = layer === 'events' ? { enter: () => this.enter(item.id), enterWord: tell(this.lang.peek(), 'incident') } : {};
    map.card(item.point, h(Card, { item, layer: this.facts.card(layer), area: (code) => this.facts.areas.peek().name(code), ...enter }));
  }

  /** The name of the community of an event. */
  placeOf(item: Item): string {
    return this.facts.areas.value.name(valueText(item, 'community')) || say(this.lang.value, 'outside');
  }

  /** Lists the events that meet some conditions, of the scope where `narrowed`. */
  list(conditions: Readonly<Record<string, string>>, narrowed = false): void {
    const { scope } = this.address.state.peek();
    this.address.change({ kpi: undefined, records: new URLSearchParams({ ...conditions, ...(narrowed && scope ? { scope } : {}) }).toString() });
  }

  /** Looks up a feature by its id. */
  async look(layer: string, id: number): Promise<Item | undefined> {
    return readItem(await this.connection.client.json(`/collections/${layer}/items/${id}`).catch(() => undefined));
  }

  #take(changes: readonly Change[]): void {
    this.changedAt.value = Date.now();
    const of = (layer: string): Change[] => changes.filter((c) => c.layer === layer);
    const events = of('events');
    if (events.length > 0) void this.#takeEvents(events).catch(() => undefined); // the next answer sets it right
    this.facts.duty.take(of('responders'));
    const { incident } = this.address.state.peek();
    if (incident !== undefined && events.some((c) => c.id === incident)) this.incident.soon();
    this.facts.soon();
  }

  async #takeEvents(changes: readonly Change[]): Promise<void> {
    const { fresh, more } = await this.facts.feed.take(changes);
    if (fresh.length + more === 0) return;
    this.alarms.add(fresh, more);
    const now = Date.now();
    const marked = [...this.marked.peek()].filter(([, since]) => now - since < 20_000);
    this.marked.value = new Map([...marked, ...fresh.map((item) => [item.id, now] as const)]);
    if (!this.isShown('events')) return;
    for (const item of fresh) if (item.point) this.map.peek()?.flash(item.point, valueText(item, 'severity'));
  }

  #keys(): Record<string, () => void> {
    const digits = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [String(n), () => {
      const layer = this.facts.cards.peek()[n - 1];
      if (layer) this.toggle(layer.id);
    }]));
    return {
      ...digits,
      h: () => this.toggle(HEAT),
      f: () => void toggleFullscreen(),
      l: () => this.switchLang(),
      m: () => this.fold('all'),
      s: () => this.switchSound(),
      y: () => this.address.change({ menu: this.address.state.peek().menu ? undefined : true }),
      ',': () => this.map.peek()?.turn(-15),
      '.': () => this.map.peek()?.turn(15),
      '/': () => this.map.peek()?.tilt(),
      Escape: () => this.back(),
      Backspace: () => this.back(),
      '0': () => this.visit(undefined),
    };
  }
}

/** Fills the screen, or leaves it. A browser may not allow it; its own key does the same. */
export async function toggleFullscreen(): Promise<void> {
  try {
    await (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
  } catch {
    // Not allowed here.
  }
}
