// The wall: when something is asked, and which panel shows it.

import { Client, RefusedError, type TokenStore } from '../service/client';
import { readItem, valueNumber, valueText, type Change, type Item } from '../service/data';
import { el } from '../ui/dom';
import type { Lang } from '../words/format';
import { judge, troubleOf } from '../service/health';
import { Stream } from '../service/stream';
import { say } from '../words/text';
import { featureCard } from './card';
import { Facts } from './facts';
import { WallMap, type Insets } from './map';
import { CommunityList } from './panels/communities';
import { TokenDialog } from './panels/dialog';
import { EventList, type EventWords } from './panels/events';
import { Header } from './panels/header';
import { LayerList, type LayerRow } from './panels/layers';
import { Notice } from './panels/notice';
import { Profile } from './panels/profile';
import { Situation } from './panels/situation';
import { formatFragment, parseFragment, type WallState } from './state';
import { canDraw } from '../map/live';
import { HEAT } from '../map/style';
import { Tour } from './tour';

/** Numbers are asked again this long after a change, and not more often than every few seconds. */
const FIGURES_AFTER_MS = 700;
const FIGURES_EVERY_MS = 4000;
/** An event of this level or higher is announced over the map. */
const ALARM_LEVEL = 4;
/** The pointer disappears after resting this long: nobody points at a wall. */
const POINTER_MS = 6000;

/** Wall owns the page. */
export class Wall {
  readonly stream: Stream;
  readonly ready: Promise<void>;
  readonly #client: Client;
  readonly #facts: Facts;
  #setReady: () => void = () => undefined;
  #map: WallMap | undefined;
  #tokenRefused = false;
  #joinedOnce = false;
  #changedAt: number | undefined;
  #figuresTimer: ReturnType<typeof setTimeout> | undefined;
  #figuresAt = -Infinity;
  #pointerTimer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  readonly #header: Header;
  readonly #situation = new Situation((level) => this.#setLevel(level));
  readonly #profile = new Profile();
  readonly #layerList = new LayerList((name) => this.#toggle(name));
  readonly #eventList = new EventList((item) => this.#open('events', item, true), () => this.#setLevel(undefined));
  readonly #communityList = new CommunityList((item) => this.#visit(item));
  readonly #notice = new Notice();
  readonly #dialog = new TokenDialog((token) => this.#setToken(token, false));
  readonly #tour = new Tour((stop) => this.#visit(stop === undefined ? undefined : this.#facts.communities[stop]));
  readonly #left = el('div', { class: 'side side-left' });
  readonly #right = el('div', { class: 'side side-right' });

  constructor(
    private readonly root: HTMLElement,
    private readonly ground: HTMLElement,
    private readonly tokens: TokenStore,
    private state: WallState,
  ) {
    this.#client = new Client(tokens, () => this.#setToken(undefined, true));
    this.#facts = new Facts(this.#client);
    this.ready = new Promise((resolve) => (this.#setReady = resolve));
    this.stream = new Stream(
      this.#client,
      { changes: (changes) => this.#changes(changes), reload: () => void this.#reload(), joined: () => this.#joined() },
      () => performance.now(),
    );
    this.#header = new Header({
      token: () => this.#dialog.open(this.#lang),
      language: () => this.#setLang(this.#lang === 'zh' ? 'en' : 'zh'),
      home: () => this.#goHome(),
      tour: () => this.#tour.set(!this.#tour.running),
      fullscreen: () => void toggleFullscreen(),
    });
  }

  /** Builds the page and keeps it running; never ends. */
  start(): void {
    const notices = el('div', { class: 'notices' }, this.#header.trouble, this.#notice.element);
    this.#left.append(this.#situation.element, this.#profile.element, this.#layerList.element);
    this.#right.append(this.#eventList.element, this.#communityList.element);
    this.root.append(this.#header.element, this.#left, this.#right, this.#layerList.legend, notices, this.#dialog.element);
    this.#showPanels();
    void this.stream.run();
    setTimeout(() => {
      if (this.#turn === 0) void this.#reload(); // the stream is late: ask without it
    }, 1500);
    setInterval(() => this.#second(), 1000);
    setInterval(() => void this.#facts.askReadiness(), 10_000);
    setInterval(() => this.#planFigures(), 60_000);
    window.addEventListener('resize', () => this.#map?.resize(this.#insets()));
    window.addEventListener('online', () => this.stream.hurry());
    window.addEventListener('keydown', (e) => this.#key(e));
    window.addEventListener('hashchange', () => this.#readAddress());
    window.addEventListener('pointermove', () => this.#showPointer());
    document.addEventListener('visibilitychange', () => this.stream.hurry());
  }

  /** How many features of a layer the map holds in view; 0 while there is no map. */
  featureCount(layer: string): number {
    return this.#map?.live.featureCount(layer) ?? 0;
  }

  get #lang(): Lang {
    return this.state.lang ?? 'zh';
  }

  // --- asking

  /** Asks for everything; while it does not succeed, again and again, and what is shown stays. */
  async #reload(): Promise<void> {
    const turn = ++this.#turn;
    const wanted = (): boolean => turn === this.#turn;
    for (let wait = 1000; wanted(); wait = Math.min(15_000, wait * 2)) {
      try {
        await this.#loadAll(wanted);
        return;
      } catch (error) {
        if (!(error instanceof RefusedError) && !this.#facts.style) this.#notice.fault(say(this.#lang, 'styleFailed'));
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async #loadAll(wanted: () => boolean): Promise<void> {
    const before = JSON.stringify(this.#facts.style);
    void this.#facts.askReadiness();
    if (!(await this.#facts.loadGround(this.#lang, wanted))) return;
    const { style } = this.#facts;
    this.#notice.fault('');
    this.#showPanels();
    if (!this.#map) this.#openMap();
    else {
      if (style && JSON.stringify(style) !== before) this.#map.live.restyle(style);
      this.#map.live.touchAll();
    }
    await Promise.all([this.#loadEvents(), this.#loadFigures()]);
  }

  async #loadEvents(): Promise<void> {
    await this.#facts.loadEvents(this.state.level);
    this.#showEvents();
  }

  async #loadFigures(): Promise<void> {
    this.#figuresAt = performance.now();
    await this.#facts.loadFigures();
    this.#showFigures();
  }

  /** Numbers follow a change soon, but a thousand changes do not ask a thousand times. */
  #planFigures(): void {
    if (this.#figuresTimer !== undefined) return;
    const wait = Math.max(FIGURES_AFTER_MS, this.#figuresAt + FIGURES_EVERY_MS - performance.now());
    const ask = async (): Promise<void> => {
      await Promise.all([this.#loadFigures(), this.#facts.loadCounts(this.#lang)]);
      this.#showLayers();
    };
    this.#figuresTimer = setTimeout(() => {
      this.#figuresTimer = undefined;
      void ask().catch(() => undefined); // the next change or minute asks again
    }, wait);
  }

  // --- the stream

  #joined(): void {
    if (this.#joinedOnce) this.#map?.live.retry();
    else void this.#reload(); // asked only now, so that no change falls between the answers and the stream
    this.#joinedOnce = true;
    void this.#facts.askReadiness();
  }

  #changes(changes: readonly Change[]): void {
    this.#changedAt = performance.now();
    for (const change of changes) this.#map?.live.touch(change.layer, change.bounds);
    const events = changes.filter((c) => c.layer === 'events');
    if (events.length > 0) void this.#newEvents(events).catch(() => undefined); // the numbers and the next list set it right
    this.#planFigures();
  }

  async #newEvents(changes: readonly Change[]): Promise<void> {
    const { fresh, flood } = await this.#facts.take(changes, this.state.level);
    for (const item of fresh) this.#announce(item);
    if (flood > 0) this.#notice.alarm(say(this.#lang, 'flood', { n: flood }), performance.now());
    this.#showEvents();
  }

  #announce(item: Item): void {
    this.#eventList.mark(item.id, Date.now());
    if (item.point && this.#isShown('events')) this.#map?.flash(item.point, valueText(item, 'severity'));
    const level = valueNumber(item, 'level') ?? 0;
    if (level < ALARM_LEVEL) return;
    const place = this.#facts.area(valueText(item, 'community')) || say(this.#lang, 'outside');
    const words = [say(this.#lang, 'newEvent'), say(this.#lang, 'level', { n: level }), valueText(item, 'title'), place];
    this.#notice.alarm(words.join(' · '), performance.now());
  }

  // --- showing

  #second(): void {
    const now = Date.now();
    const health = judge(this.stream.signs, performance.now());
    const trouble = troubleOf(this.#facts.reachable, this.#facts.readiness, this.#lang);
    document.documentElement.classList.toggle('is-stale', health.kind === 'stale');
    this.#header.show(
      {
        lang: this.#lang,
        place: (this.#facts.subdistrict ? valueText(this.#facts.subdistrict, 'name') : '').replace(/街道$/, ''),
        now,
        health,
        publicView: this.tokens.token === undefined,
        tokenRefused: this.#tokenRefused,
        ...(this.#changedAt === undefined ? {} : { changeAge: performance.now() - this.#changedAt }),
        ...(trouble ? { trouble } : {}),
      },
      this.#tour.running,
    );
    this.#eventList.tick(now, this.#lang);
    this.#notice.tick(performance.now());
    this.#tour.tick(now, this.#facts.communities.length);
  }

  #showPanels(): void {
    const { collections, communities, subdistrict } = this.#facts;
    const events = this.#facts.sees('events');
    const known = collections.length > 0;
    document.documentElement.lang = this.#lang === 'zh' ? 'zh-CN' : 'en';
    this.#situation.element.hidden = known && !events;
    this.#eventList.element.hidden = !events;
    this.#communityList.element.hidden = this.#profile.element.hidden = !known || events;
    this.#communityList.show(communities, this.#lang);
    this.#profile.show(subdistrict, new Map(collections.map((c) => [c.id, c.count])), this.#lang);
    this.#second();
    this.#showFigures();
    this.#showLayers();
    this.#showEvents();
  }

  #showFigures(): void {
    this.#situation.show(this.#facts.figures, this.state.level, this.#lang);
  }

  #showLayers(): void {
    const drawn = new Map(this.#facts.drawn.map((l) => [l.name, l]));
    const rows = this.#facts.collections.flatMap((card): LayerRow[] => {
      const layer = drawn.get(card.id);
      return layer ? [{ name: card.id, title: card.title, count: card.count, shown: this.#isShown(card.id), legend: layer.legend }] : [];
    });
    const heat = drawn.get(HEAT);
    this.#layerList.show(rows, heat && { name: HEAT, title: heat.title, shown: this.#isShown(HEAT), legend: heat.legend }, this.#lang);
  }

  #showEvents(): void {
    this.#eventList.show(this.#facts.events, this.state.level, Date.now(), this.#words());
  }

  #words(): EventWords {
    const codes = this.#facts.card('events')?.codes;
    const legend = this.#facts.drawn.find((l) => l.name === 'events')?.legend ?? [];
    const severities = [...(codes?.get('severity')?.keys() ?? [])];
    const plain = { label: '', color: '#5cc8ff', shape: 'circle' };
    return {
      lang: this.#lang,
      code: (field, value) => codes?.get(field)?.get(value) ?? value,
      community: (code) => this.#facts.area(code).replace(/社区$/, ''),
      sign: (severity) => legend[Math.max(0, severities.indexOf(severity))] ?? plain, // the legend lists the severities first, in order
    };
  }

  #showPointer(): void {
    document.documentElement.classList.remove('no-pointer');
    clearTimeout(this.#pointerTimer);
    this.#pointerTimer = setTimeout(() => document.documentElement.classList.add('no-pointer'), POINTER_MS);
  }

  // --- the map

  #openMap(): void {
    const { style } = this.#facts;
    if (!style || this.#map) return;
    if (!canDraw()) {
      this.#notice.fault(say(this.#lang, 'noWebgl'));
      this.#setReady();
      setTimeout(() => this.#openMap(), 15_000);
      return;
    }
    this.#map = new WallMap(this.ground, style, (name) => this.#isShown(name), this.#client, {
      moved: (view) => this.#setState({ view }),
      picked: (layer, id) => void this.#look(layer, id),
      lost: (lost) => this.#notice.fault(lost ? say(this.#lang, 'contextLost') : ''),
    });
    this.#notice.fault('');
    this.#place(false);
    void this.#map.live.ready.then(() => this.#setReady());
  }

  /** Puts the camera where the address says, else over the whole area. */
  #place(animate: boolean): void {
    if (this.state.view) this.#map?.goTo(this.state.view, this.#insets());
    else this.#map?.home(this.#facts.outline(), this.#insets(), animate);
  }

  /** What the panels take of the window at each side. */
  #insets(): Insets {
    const box = (node: HTMLElement): DOMRect => node.getBoundingClientRect();
    const right = box(this.#right);
    const under = right.top > window.innerHeight / 2; // on an upright screen the list lies below the map
    return {
      top: box(this.#header.element).bottom,
      right: under ? 0 : window.innerWidth - right.left,
      bottom: window.innerHeight - Math.min(box(this.#layerList.legend).top || window.innerHeight, under ? right.top : window.innerHeight),
      left: box(this.#left).right,
    };
  }

  #goHome(): void {
    this.#tour.set(false);
    this.#visit(undefined);
  }

  #visit(community: Item | undefined): void {
    this.#map?.card([0, 0], undefined);
    if (community?.bounds) {
      this.#map?.fly(community.bounds, 16.2);
      return;
    }
    this.#setState({ view: undefined });
    this.#place(true);
  }

  async #look(layer: string, id: number): Promise<void> {
    const item = readItem(await this.#client.json(`/collections/${layer}/items/${id}`).catch(() => undefined));
    if (item) this.#open(layer, item, false);
  }

  #open(layer: string, item: Item, fly: boolean): void {
    if (!item.point) return;
    const [lon, lat] = item.point;
    this.#tour.set(false);
    if (fly) this.#map?.fly([lon, lat, lon, lat], 17);
    if (layer === 'events') this.#map?.flash(item.point, valueText(item, 'severity'));
    this.#map?.card(item.point, featureCard(item, this.#facts.card(layer), (code) => this.#facts.area(code)));
  }

  // --- choosing

  #isShown(name: string): boolean {
    const drawn = this.#facts.drawn.find((l) => l.name === name)?.shown ?? true;
    if (name === HEAT) return this.state.heat ?? drawn;
    if (!this.#facts.sees(name)) return true; // the ground
    return this.state.layers?.includes(name) ?? drawn;
  }

  #toggle(name: string): void {
    if (name === HEAT) this.#setState({ heat: !this.#isShown(HEAT) });
    else {
      const known = this.#facts.drawn.map((l) => l.name).filter((n) => this.#facts.sees(n));
      const hidden = (this.state.layers ?? []).filter((n) => !known.includes(n)); // chosen, but not this caller's to see
      this.#setState({ layers: [...known.filter((n) => (n === name) !== this.#isShown(n)), ...hidden] });
    }
    this.#applyLayers();
  }

  #applyLayers(): void {
    this.#map?.live.show((n) => this.#isShown(n));
    this.#showLayers();
  }

  #setLevel(level: number | undefined): void {
    this.#setState({ level: level === this.state.level ? undefined : level });
    this.#showFigures();
    void this.#loadEvents().catch(() => undefined);
  }

  #setLang(lang: Lang): void {
    this.#setState({ lang });
    this.#map?.card([0, 0], undefined);
    this.#showPanels();
    void this.#reload();
  }

  /** Goes on as another caller. A token that was refused is dropped: the wall shows what everyone may see, and says so. */
  #setToken(token: string | undefined, refused: boolean): void {
    this.tokens.set(token);
    this.#tokenRefused = refused;
    this.#facts.forget();
    this.stream.restart();
    void this.#reload();
  }

  #setState(change: { [K in keyof WallState]?: WallState[K] | undefined }): void {
    this.state = Object.fromEntries(Object.entries({ ...this.state, ...change }).filter(([, v]) => v !== undefined)) as WallState;
    history.replaceState(null, '', location.pathname + location.search + formatFragment(this.state));
  }

  /** Follows an address that was changed by hand. */
  #readAddress(): void {
    const { state, token } = parseFragment(location.hash);
    this.state = state;
    this.#setState({});
    this.#applyLayers();
    this.#place(true);
    if (token === undefined) void this.#reload();
    else this.#setToken(token, false);
  }

  #key(e: KeyboardEvent): void {
    if (e.ctrlKey || e.altKey || e.metaKey || e.target instanceof HTMLInputElement) return;
    if (e.key === ' ' && e.target instanceof HTMLButtonElement) return; // it presses the button
    const actions: Record<string, () => void> = {
      h: () => this.#toggle(HEAT),
      f: () => void toggleFullscreen(),
      t: () => this.#tour.set(!this.#tour.running),
      ' ': () => this.#tour.set(!this.#tour.running),
      l: () => this.#setLang(this.#lang === 'zh' ? 'en' : 'zh'),
      Escape: () => this.#goHome(),
      '0': () => this.#goHome(),
    };
    const digit = /^[1-9]$/.test(e.key) ? this.#layerList.element.querySelectorAll<HTMLButtonElement>('.layer')[Number(e.key) - 1] : undefined;
    const action = digit ? (): void => digit.click() : actions[e.key];
    if (!action) return;
    e.preventDefault();
    action();
  }
}

async function toggleFullscreen(): Promise<void> {
  try {
    await (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
  } catch {
    // The browser does not allow it here; F11 does the same.
  }
}
