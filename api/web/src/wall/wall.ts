// The wall: what is known, what is asked again and when, and which panel shows it.

import type { StyleSpecification } from 'maplibre-gl';
import { Client, MissingError, RefusedError, type TokenStore } from '../client';
import { readCollections, readItem, readPage, readReadiness, valueNumber, valueText, type Change, type Item, type LayerCard, type Readiness } from '../data';
import { el } from '../dom';
import type { Lang } from '../format';
import { judge } from '../health';
import { Stream } from '../stream';
import { say } from '../text';
import { featureCard } from './card';
import { latestPath, loadFigures, type Figures } from './figures';
import { canDraw, WallMap, type Insets } from './map';
import { CommunityList } from './panels/communities';
import { TokenDialog } from './panels/dialog';
import { EventList, type EventWords } from './panels/events';
import { Header } from './panels/header';
import { LayerList, type LayerRow } from './panels/layers';
import { Notice } from './panels/notice';
import { Profile } from './panels/profile';
import { Situation } from './panels/situation';
import { formatFragment, type WallState } from './state';
import { drawnLayers, HEAT, type DrawnLayer } from './style';
import { Tour } from './tour';

/** Rows that the list of events holds; the panel shows as many as have room. */
const LIST_LENGTH = 30;
/** Numbers are asked again this long after a change, and not more often than every few seconds. */
const FIGURES_AFTER_MS = 700;
const FIGURES_EVERY_MS = 4000;
/** More new events at once than this are not announced one by one. */
const FLOOD = 12;
/** An event of this level or higher is announced over the map. */
const ALARM_LEVEL = 4;

/** Wall owns the page. */
export class Wall {
  readonly client: Client;
  readonly stream: Stream;
  readonly ready: Promise<void>;
  #setReady: () => void = () => undefined;
  #setHeard: () => void = () => undefined;
  readonly #heard: Promise<void>;
  #heardOnce = false;
  #style: StyleSpecification | undefined;
  #layers: readonly DrawnLayer[] = [];
  #collections: readonly LayerCard[] = [];
  #areas = new Map<string, string>();
  #communities: readonly Item[] = [];
  #subdistrict: Item | undefined;
  #figures: Figures | undefined;
  #events: readonly Item[] | undefined;
  #map: WallMap | undefined;
  #readiness: Readiness | undefined;
  #reachable = true;
  #tokenRefused = false;
  #changedAt: number | undefined;
  #figuresTimer: ReturnType<typeof setTimeout> | undefined;
  #figuresAt = -Infinity;
  #loading = 0;
  readonly #header: Header;
  readonly #situation = new Situation((level) => this.#setLevel(level));
  readonly #profile = new Profile();
  readonly #layerList = new LayerList((name) => this.#toggle(name));
  readonly #eventList = new EventList((item) => this.#open('events', item), () => this.#setLevel(undefined));
  readonly #communityList = new CommunityList((item) => this.#visit(item));
  readonly #notice = new Notice();
  readonly #dialog = new TokenDialog((token) => this.#setToken(token));
  readonly #tour = new Tour((stop) => this.#visit(stop === undefined ? undefined : this.#communities[stop]));
  readonly #left = el('div', { class: 'side side-left' });
  readonly #right = el('div', { class: 'side side-right' });

  constructor(
    private readonly root: HTMLElement,
    private readonly ground: HTMLElement,
    private readonly tokens: TokenStore,
    private state: WallState,
  ) {
    this.client = new Client(tokens, () => this.#refused());
    this.ready = new Promise((resolve) => (this.#setReady = resolve));
    this.#heard = new Promise((resolve) => (this.#setHeard = resolve));
    this.stream = new Stream(
      this.client,
      { changes: (changes) => this.#changes(changes), reload: () => void this.#reload(), joined: () => this.#joined() },
      () => performance.now(),
    );
    this.#header = new Header({
      token: () => this.#dialog.open(this.#lang),
      language: () => this.#setLang(this.#lang === 'zh' ? 'en' : 'zh'),
      home: () => this.#visit(undefined),
      tour: () => this.#tour.set(!this.#tour.running),
      fullscreen: () => void toggleFullscreen(),
    });
  }

  /** Builds the page and keeps it running; never ends. */
  start(): void {
    this.#left.append(this.#situation.element, this.#profile.element, this.#layerList.element);
    this.#right.append(this.#eventList.element, this.#communityList.element);
    this.root.append(this.#header.element, this.#left, this.#right, this.#layerList.legend, el('div', { class: 'notices' }, this.#header.trouble, this.#notice.element), this.#dialog.element);
    document.documentElement.lang = this.#lang === 'zh' ? 'zh-CN' : 'en';
    this.#showPanels();
    void this.stream.run();
    void Promise.race([this.#heard, new Promise((resolve) => setTimeout(resolve, 1500))]).then(() => this.#reload());
    setInterval(() => this.#second(), 1000);
    setInterval(() => void this.#askReadiness(), 10_000);
    setInterval(() => this.#planFigures(), 60_000);
    window.addEventListener('resize', () => this.#map?.resize(this.#insets()));
    window.addEventListener('online', () => this.stream.hurry());
    window.addEventListener('keydown', (e) => this.#key(e));
    document.addEventListener('visibilitychange', () => this.stream.hurry());
  }

  /** How many features of a layer the map holds in view; 0 while there is no map. */
  featureCount(layer: string): number {
    return this.#map?.featureCount(layer) ?? 0;
  }

  get #lang(): Lang {
    return this.state.lang ?? 'zh';
  }

  // --- what is asked of the service

  /** Asks for everything; while it does not succeed, again and again, and what is shown stays. */
  async #reload(): Promise<void> {
    const turn = ++this.#loading;
    for (let wait = 1000; turn === this.#loading; wait = Math.min(15_000, wait * 2)) {
      try {
        await this.#loadAll();
        this.#notice.fault(this.#mapFault());
        return;
      } catch (error) {
        if (!(error instanceof RefusedError) && !this.#style) this.#notice.fault(say(this.#lang, 'styleFailed'));
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async #loadAll(): Promise<void> {
    const lang = this.#lang;
    void this.#askReadiness();
    const [style, collections] = await Promise.all([this.client.json(`/style.json?lang=${lang}`), this.client.json(`/collections?lang=${lang}`)]);
    this.#collections = readCollections(collections, lang);
    const before = JSON.stringify(this.#style);
    this.#style = style as StyleSpecification; // checked by the map itself
    this.#layers = drawnLayers(this.#style);
    await this.#loadAreas();
    this.#showPanels();
    if (!this.#map) this.#openMap();
    else {
      if (JSON.stringify(this.#style) !== before) this.#map.restyle(this.#style);
      this.#map.touchAll();
    }
    await Promise.all([this.#loadEvents(), this.#loadFigures()]);
  }

  async #loadAreas(): Promise<void> {
    const [places, communities] = await Promise.all([this.#all('subdistricts', 1), this.#all('communities', 1000)]);
    this.#subdistrict = places[0];
    this.#communities = communities;
    this.#areas = new Map(communities.map((item) => [valueText(item, 'code'), valueText(item, 'name')]));
  }

  async #all(layer: string, limit: number): Promise<readonly Item[]> {
    if (!this.#sees(layer)) return [];
    return readPage(await this.client.json(`/collections/${layer}/items?limit=${limit}`)).items;
  }

  #sees(layer: string): boolean {
    return this.#collections.some((c) => c.id === layer);
  }

  async #loadEvents(): Promise<void> {
    this.#events = this.#sees('events') ? readPage(await this.client.json(latestPath(LIST_LENGTH, this.state.level))).items : undefined;
    this.#showEvents();
  }

  async #loadFigures(): Promise<void> {
    this.#figuresAt = performance.now();
    if (this.#sees('events')) this.#figures = await loadFigures(this.client);
    else this.#figures = undefined;
    this.#situation.show(this.#figures, this.state.level, this.#lang);
  }

  /** Numbers follow a change soon, but a thousand changes do not ask a thousand times. */
  #planFigures(): void {
    if (this.#figuresTimer !== undefined) return;
    const wait = Math.max(FIGURES_AFTER_MS, this.#figuresAt + FIGURES_EVERY_MS - performance.now());
    this.#figuresTimer = setTimeout(() => {
      this.#figuresTimer = undefined;
      void this.#loadFigures().catch(() => undefined);
      void this.#loadCounts().catch(() => undefined);
    }, wait);
  }

  async #loadCounts(): Promise<void> {
    this.#collections = readCollections(await this.client.json(`/collections?lang=${this.#lang}`), this.#lang);
    this.#showLayers();
  }

  async #askReadiness(): Promise<void> {
    try {
      this.#readiness = readReadiness(await this.client.json('/readyz'));
      this.#reachable = true;
    } catch (error) {
      this.#reachable = error instanceof RefusedError;
    }
  }

  // --- what the stream tells

  #joined(): void {
    if (this.#heardOnce) this.#map?.retry();
    else if (this.#loading > 0) void this.#reload(); // what was fetched before the stream stood may have changed since
    this.#heardOnce = true;
    this.#setHeard();
    void this.#askReadiness();
  }

  #changes(changes: readonly Change[]): void {
    this.#changedAt = performance.now();
    for (const change of changes) this.#map?.touch(change.layer, change.bounds);
    const events = changes.filter((c) => c.layer === 'events');
    if (events.length > 0) void this.#newEvents(events).catch(() => undefined);
    this.#planFigures();
  }

  /** Brings changed events into the list at once; many at a time are fetched as a list. */
  async #newEvents(changes: readonly Change[]): Promise<void> {
    const ids = [...new Set(changes.filter((c) => c.op !== 'delete').map((c) => c.id))];
    const inserted = new Set(changes.filter((c) => c.op === 'insert').map((c) => c.id));
    const gone = new Set(changes.filter((c) => c.op === 'delete').map((c) => c.id));
    if (gone.size > 0) this.#events = this.#events?.filter((item) => !gone.has(item.id));
    if (ids.length > FLOOD) {
      await this.#loadEvents();
      this.#notice.alarm(say(this.#lang, 'flood', { n: inserted.size }), performance.now());
      return;
    }
    const items = await Promise.all(ids.map((id) => this.#event(id)));
    for (const item of items) {
      if (!item) continue;
      this.#insert(item, inserted.has(item.id));
      if (inserted.has(item.id)) this.#announce(item);
    }
    this.#showEvents();
  }

  async #event(id: number): Promise<Item | undefined> {
    try {
      return readItem(await this.client.json(`/collections/events/items/${id}`));
    } catch (error) {
      if (error instanceof MissingError) return undefined; // gone again, or not for this caller
      throw error;
    }
  }

  /** Puts an event into the list where its time belongs. An old event that is not in the list stays out of it. */
  #insert(item: Item, isNew: boolean): void {
    const fits = this.state.level === undefined || valueNumber(item, 'level') === this.state.level;
    const known = this.#events?.some((e) => e.id === item.id) ?? false;
    const rest = (this.#events ?? []).filter((e) => e.id !== item.id);
    if (fits && (known || isNew)) rest.push(item);
    rest.sort((a, b) => Date.parse(valueText(b, 'reported_at')) - Date.parse(valueText(a, 'reported_at')) || b.id - a.id);
    this.#events = rest.slice(0, LIST_LENGTH);
  }

  #announce(item: Item): void {
    const now = performance.now();
    this.#eventList.mark(item.id, Date.now());
    if (item.point && this.#isShown('events')) this.#map?.flash(item.point, valueText(item, 'severity'));
    const level = valueNumber(item, 'level') ?? 0;
    if (level < ALARM_LEVEL) return;
    const place = this.#area(valueText(item, 'community')) || say(this.#lang, 'outside');
    this.#notice.alarm(`${say(this.#lang, 'newEvent')} · ${say(this.#lang, 'level', { n: level })} · ${valueText(item, 'title')} · ${place}`, now);
  }

  // --- what is shown

  #second(): void {
    const now = Date.now();
    const health = judge(this.stream.signs, performance.now());
    document.documentElement.classList.toggle('is-stale', health.kind === 'stale');
    const trouble = this.#trouble();
    this.#header.show(
      {
        lang: this.#lang,
        place: (this.#subdistrict ? valueText(this.#subdistrict, 'name') : '').replace(/街道$/, ''),
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
    this.#tour.tick(now, this.#communities.length);
  }

  #trouble(): { reason: string; recordAge?: number } | undefined {
    if (!this.#reachable) return { reason: say(this.#lang, 'unreachable') };
    if (!this.#readiness || this.#readiness.status === 'ready') return undefined;
    return { reason: this.#readiness.reason || this.#readiness.status, recordAge: this.#readiness.age * 1000 };
  }

  #showPanels(): void {
    this.#second();
    this.#situation.element.hidden = !this.#sees('events') && this.#collections.length > 0;
    this.#situation.show(this.#figures, this.state.level, this.#lang);
    this.#showLayers();
    this.#eventList.element.hidden = !this.#sees('events');
    this.#communityList.element.hidden = this.#sees('events') || this.#collections.length === 0;
    this.#communityList.show(this.#communities, this.#lang);
    this.#profile.element.hidden = this.#communityList.element.hidden;
    this.#profile.show(this.#subdistrict, new Map(this.#collections.map((c) => [c.id, c.count])), this.#lang);
    this.#showEvents();
  }

  #showLayers(): void {
    const drawn = new Map(this.#layers.map((l) => [l.name, l]));
    const rows = this.#collections.flatMap((card): LayerRow[] => {
      const layer = drawn.get(card.id);
      return layer ? [{ name: card.id, title: card.title, count: card.count, shown: this.#isShown(card.id), legend: layer.legend }] : [];
    });
    const heat = drawn.get(HEAT);
    this.#layerList.show(rows, heat && { name: HEAT, title: heat.title || say(this.#lang, 'heat'), shown: this.#isShown(HEAT), legend: heat.legend }, this.#lang);
  }

  #showEvents(): void {
    this.#eventList.show(this.#events, this.state.level, Date.now(), this.#words());
  }

  #words(): EventWords {
    const events = this.#collections.find((c) => c.id === 'events');
    const legend = this.#layers.find((l) => l.name === 'events')?.legend ?? [];
    const severities = [...(events?.codes.get('severity')?.keys() ?? ['low', 'moderate', 'high', 'critical'])];
    const plain = { label: '', color: '#5cc8ff', shape: 'circle' };
    return {
      lang: this.#lang,
      code: (field, value) => events?.codes.get(field)?.get(value) ?? value,
      community: (code) => this.#area(code).replace(/社区$/, ''),
      sign: (severity) => legend[Math.max(0, severities.indexOf(severity))] ?? plain, // the legend lists the severities first, in order
    };
  }

  #area(code: string): string {
    return this.#areas.get(code) ?? code;
  }

  // --- the map

  #openMap(): void {
    if (!this.#style) return;
    if (!canDraw()) {
      this.#notice.fault(say(this.#lang, 'noWebgl'));
      this.#setReady();
      setTimeout(() => {
        if (!this.#map) this.#openMap();
      }, 15_000);
      return;
    }
    this.#map = new WallMap(this.ground, this.#style, (name) => this.#isShown(name), this.client, {
      moved: (view) => this.#setState({ view }),
      picked: (layer, id) => void this.#look(layer, id),
      lost: (lost) => this.#notice.fault(lost ? say(this.#lang, 'contextLost') : ''),
    });
    this.#notice.fault('');
    if (this.state.view) this.#map.goTo(this.state.view, this.#insets());
    else this.#map.home(this.#outline(), this.#insets(), false);
    void this.#map.ready.then(() => this.#setReady());
  }

  #mapFault(): string {
    return this.#map || canDraw() ? '' : say(this.#lang, 'noWebgl');
  }

  /** The limit of the subdistrict, else the corners of whatever there is. */
  #outline(): readonly (readonly [number, number])[] {
    if (this.#subdistrict) return this.#subdistrict.positions;
    const extent = this.#collections.find((c) => c.extent)?.extent;
    return extent ? [[extent[0], extent[1]], [extent[2], extent[3]]] : [];
  }

  /** What the panels take of the window at each side. */
  #insets(): Insets {
    const inside = (node: HTMLElement): DOMRect => node.getBoundingClientRect();
    return {
      top: inside(this.#header.element).bottom,
      right: window.innerWidth - inside(this.#right).left,
      bottom: window.innerHeight - inside(this.#layerList.legend).top,
      left: inside(this.#left).right,
    };
  }

  #visit(community: Item | undefined): void {
    this.#map?.card([0, 0], undefined);
    if (community?.bounds) this.#map?.fly(community.bounds, 16.2);
    else {
      this.#setState({ view: undefined });
      this.#map?.home(this.#outline(), this.#insets());
    }
  }

  async #look(layer: string, id: number): Promise<void> {
    const item = readItem(await this.client.json(`/collections/${layer}/items/${id}`).catch(() => undefined));
    if (item) this.#open(layer, item, false);
  }

  #open(layer: string, item: Item, fly = true): void {
    if (!item.point) return;
    const [lon, lat] = item.point;
    this.#tour.set(false);
    if (fly) this.#map?.fly([lon, lat, lon, lat], 17);
    if (layer === 'events') this.#map?.flash(item.point, valueText(item, 'severity'));
    this.#map?.card(item.point, featureCard(item, this.#collections.find((c) => c.id === layer), (code) => this.#area(code)));
  }

  // --- what is chosen

  #isShown(name: string): boolean {
    const drawn = this.#layers.find((l) => l.name === name)?.shown ?? true;
    if (name === HEAT) return this.state.heat ?? drawn;
    if (!this.#sees(name)) return true; // the ground
    return this.state.layers?.includes(name) ?? drawn;
  }

  #toggle(name: string): void {
    if (name === HEAT) this.#setState({ heat: !this.#isShown(HEAT) });
    else {
      const layers = this.#layers.map((l) => l.name).filter((n) => this.#sees(n) && (n === name ? !this.#isShown(n) : this.#isShown(n)));
      this.#setState({ layers });
    }
    this.#map?.show((n) => this.#isShown(n));
    this.#showLayers();
  }

  #setLevel(level: number | undefined): void {
    this.#setState({ level: level === this.state.level ? undefined : level });
    this.#situation.show(this.#figures, this.state.level, this.#lang);
    void this.#loadEvents().catch(() => undefined);
  }

  #setLang(lang: Lang): void {
    this.#setState({ lang });
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
    this.#showPanels();
    void this.#reload();
  }

  #setToken(token: string | undefined): void {
    this.tokens.set(token);
    this.#tokenRefused = false;
    this.#events = undefined;
    this.#figures = undefined;
    this.stream.restart();
    void this.#reload();
  }

  /** A token that was refused is dropped: the wall goes on with what everyone may see, and says so. */
  #refused(): void {
    this.tokens.set(undefined);
    this.#tokenRefused = true;
    this.#events = undefined;
    this.#figures = undefined;
    this.stream.restart();
    void this.#reload();
  }

  #setState(change: { [K in keyof WallState]?: WallState[K] | undefined }): void {
    this.state = Object.fromEntries(Object.entries({ ...this.state, ...change }).filter(([, v]) => v !== undefined)) as WallState;
    history.replaceState(null, '', location.pathname + location.search + formatFragment(this.state));
  }

  #key(e: KeyboardEvent): void {
    if (e.ctrlKey || e.altKey || e.metaKey || e.target instanceof HTMLInputElement) return;
    const digit = /^[1-9]$/.test(e.key) ? this.#layerList.element.querySelectorAll<HTMLButtonElement>('.layer')[Number(e.key) - 1] : undefined;
    if (digit) digit.click();
    else if (e.key === 'h') this.#toggle(HEAT);
    else if (e.key === 'f') void toggleFullscreen();
    else if (e.key === 't' || e.key === ' ') this.#tour.set(!this.#tour.running);
    else if (e.key === 'l') this.#setLang(this.#lang === 'zh' ? 'en' : 'zh');
    else if (e.key === 'Escape' || e.key === '0') {
      this.#tour.set(false);
      this.#visit(undefined);
    } else return;
    e.preventDefault();
  }
}

async function toggleFullscreen(): Promise<void> {
  try {
    await (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
  } catch {
    // The browser does not allow it here; F11 does the same.
  }
}
