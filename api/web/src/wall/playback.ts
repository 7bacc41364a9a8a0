// Playing the past: the events of a period, loaded once, and which of them were open at a moment. Nothing here draws.

import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { FeatureCollection } from 'geojson';
import type { Client } from '../service/client';
import { readPage, valueNumber, valueText, valueTime, type Item } from '../service/data';
import { dayStart } from '../words/format';

/** The periods that can be played as one: an hour, a day, a week from Monday, a calendar month. All in China's time. */
export const WINDOWS = ['1h', '1d', '7d', '30d'] as const;

/** One of them. */
export type Window = (typeof WINDOWS)[number];

/** How fast: seconds of the past in a second. */
export const SPEEDS = [1, 60, 600, 3600, 21_600, 86_400] as const;

/** What the address says of playing: `at` (milliseconds since 1970) is there while the past is shown, `speed` while it runs. */
export interface PlaybackWords {
  readonly at?: number | undefined;
  readonly window?: Window | undefined;
  readonly speed?: number | undefined;
}

/** A period, its end not included, in milliseconds since 1970. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** An event with the time in which it asked for someone; `until` is Infinity for one that still does. */
export interface Lived {
  readonly item: Item;
  readonly from: number;
  readonly until: number;
}

/** The events of a period, the oldest first, and how many there are; fewer came where there are too many. */
export interface Recording extends Period {
  readonly events: readonly Lived[];
  readonly matched: number;
}

const HOUR_MS = 3600_000;
const OFFSET_MS = 8 * HOUR_MS;
const PAGE = 5000;
/** More events than this are not loaded; the page says so. */
export const MOST_EVENTS = 40_000;
const PROPERTIES = 'reported_at,closed_at,cancelled_at,level,severity,title,category,community,zone,grid';

/** Reads the words of an address. An instant without a zone is in China's time. */
export function readPlayback(words: URLSearchParams): PlaybackWords {
  const text = words.get('at') ?? '';
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}+08:00`) : NaN;
  const window = WINDOWS.find((w) => w === words.get('window'));
  const speed = Number(words.get('speed'));
  return {
    ...(Number.isNaN(at) ? {} : { at }),
    ...(window ? { window } : {}),
    ...(Number.isInteger(speed) && speed >= 1 && speed <= 86_400 ? { speed } : {}),
  };
}

/** Writes them. */
export function writePlayback({ at, window, speed }: PlaybackWords): [string, string][] {
  if (at === undefined) return [];
  const out: [string, string][] = [['at', new Date(at + OFFSET_MS).toISOString().slice(0, 19)]];
  if (window) out.push(['window', window]);
  if (speed) out.push(['speed', String(speed)]);
  return out;
}

/** The period of a kind that holds a moment. */
export function periodOf(at: number, window: Window): Period {
  const local = new Date(at + OFFSET_MS);
  switch (window) {
    case '1h': {
      const from = Math.floor(at / HOUR_MS) * HOUR_MS;
      return { from, to: from + HOUR_MS };
    }
    case '1d':
      return { from: dayStart(at), to: dayStart(at, 1) };
    case '7d': {
      const back = (local.getUTCDay() + 6) % 7;
      return { from: dayStart(at, -back), to: dayStart(at, 7 - back) };
    }
    case '30d': {
      const month = (plus: number): number => Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + plus) - OFFSET_MS;
      return { from: month(0), to: month(1) };
    }
  }
}

/** The questions that together give each event that was open at any time of a period: open still, closed or cancelled since it began. */
export function recordingPaths({ from, to }: Period, scope?: string): string[] {
  const common: [string, string][] = [
    ['limit', String(PAGE)],
    ['properties', PROPERTIES],
    ['sortby', '-reported_at'],
    ['reported_at', `<=${new Date(to - 1).toISOString()}`],
    ...(scope ? ([['scope', scope]] as [string, string][]) : []),
  ];
  const since = `>=${new Date(from).toISOString()}`;
  const kinds: [string, string][][] = [[['closed_at', 'null()'], ['cancelled_at', 'null()']], [['closed_at', since]], [['cancelled_at', since]]];
  return kinds.map((kind) => `/collections/events/items?${new URLSearchParams([...common, ...kind]).toString()}`);
}

/** Loads the events of a period, page by page. */
export async function record(client: Client, period: Period, scope?: string, most = MOST_EVENTS): Promise<Recording> {
  const found = new Map<number, Lived>();
  let matched = 0;
  for (const first of recordingPaths(period, scope)) {
    for (let path: string | undefined = first; path !== undefined && found.size < most; ) {
      const body = await client.json(path);
      const page = readPage(body);
      if (path === first) matched += page.matched;
      for (const item of page.items) {
        const life = livedOf(item);
        if (life) found.set(item.id, life);
      }
      path = nextPath(body);
    }
  }
  const events = [...found.values()].sort((a, b) => a.from - b.from || a.item.id - b.item.id).slice(-most);
  return { ...period, events, matched: Math.max(matched, events.length) };
}

/** The path of the page after this one; undefined for the last. */
export function nextPath(body: unknown): string | undefined {
  const links = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['links'] : undefined;
  for (const link of Array.isArray(links) ? (links as unknown[]) : []) {
    const { rel, href } = (typeof link === 'object' && link !== null ? link : {}) as Record<string, unknown>;
    if (rel !== 'next' || typeof href !== 'string') continue;
    const url = new URL(href, 'http://service.invalid');
    return url.pathname.slice(Math.max(0, url.pathname.indexOf('/collections/'))) + url.search; // the origin that served the page, whatever the service calls itself
  }
  return undefined;
}

function livedOf(item: Item): Lived | undefined {
  const from = valueTime(item, 'reported_at');
  if (from === undefined || !item.point) return undefined;
  return { item, from, until: Math.min(valueTime(item, 'closed_at') ?? Infinity, valueTime(item, 'cancelled_at') ?? Infinity) };
}

/** The events that were open at a moment, the oldest first. */
export const openAt = (recording: Recording, at: number): readonly Lived[] => recording.events.filter((e) => e.from <= at && at < e.until);

/** Their number by level, from level 1. */
export function byLevel(open: readonly Lived[]): readonly number[] {
  const out = [0, 0, 0, 0, 0];
  for (const { item } of open) {
    const level = valueNumber(item, 'level') ?? 0;
    if (level >= 1 && level <= 5) out[level - 1] = (out[level - 1] ?? 0) + 1;
  }
  return out;
}

/** How many were reported and how many ended from the beginning of the period to a moment. */
export function flow(recording: Recording, at: number): { readonly reported: number; readonly ended: number } {
  let [reported, ended] = [0, 0];
  for (const e of recording.events) {
    if (e.from >= recording.from && e.from <= at) reported++;
    if (e.until >= recording.from && e.until <= at) ended++;
  }
  return { reported, ended };
}

/** Events as a map source takes them. */
export function asGeoJSON(open: readonly Lived[]): FeatureCollection {
  const features = open.map(({ item }) => ({
    type: 'Feature' as const,
    id: item.id,
    geometry: { type: 'Point' as const, coordinates: [...(item.point ?? [])] },
    properties: { level: valueNumber(item, 'level') ?? 0, severity: valueText(item, 'severity') },
  }));
  return { type: 'FeatureCollection', features };
}

/** Writes the address no more often than this while the past runs. */
const WRITE_MS = 5000;

/** Playback is the time that the wall shows. It follows the address and tells it where it stands. */
export class Playback {
  /** The moment that is shown; undefined: now. */
  readonly at: Signal<number | undefined>;
  /** Whether the past is shown. */
  readonly on: ReadonlySignal<boolean>;
  readonly window: ReadonlySignal<Window>;
  readonly playing: ReadonlySignal<boolean>;
  /** The speed at which it runs, or will. */
  readonly speed: Signal<number>;
  /** The period around the moment; undefined: now. */
  readonly period: ReadonlySignal<Period | undefined>;
  /** What was loaded of it; undefined until it has come. */
  readonly recording: Signal<Recording | undefined> = signal(undefined);
  /** The events that were open at the moment; undefined while that is not known. */
  readonly open: ReadonlySignal<readonly Lived[] | undefined>;
  /** Their number by level, and how many the period knows of. */
  readonly figures: ReadonlySignal<{ readonly open: readonly number[]; readonly total: number } | undefined>;
  #written: number | undefined;
  #writtenAt = -Infinity;

  constructor(
    private readonly words: ReadonlySignal<PlaybackWords>,
    private readonly change: (words: PlaybackWords) => void,
  ) {
    this.at = signal(words.peek().at);
    this.#written = words.peek().at;
    this.on = computed(() => this.at.value !== undefined);
    this.speed = signal(words.peek().speed ?? 3600);
    this.window = computed(() => words.value.window ?? '1d');
    this.playing = computed(() => words.value.at !== undefined && words.value.speed !== undefined);
    let last: Period | undefined;
    this.period = computed(() => {
      const at = this.at.value;
      const next = at === undefined ? undefined : periodOf(at, this.window.value);
      if (next?.from !== last?.from || next?.to !== last?.to) last = next;
      return last;
    });
    this.open = computed(() => {
      const [at, recording, period] = [this.at.value, this.recording.value, this.period.value];
      return at === undefined || !recording || recording.from !== period?.from || recording.to !== period.to ? undefined : openAt(recording, at);
    });
    this.figures = computed(() => this.open.value && { open: byLevel(this.open.value), total: this.recording.value?.matched ?? 0 });
  }

  /** To be called when the address has changed: follows what did not come from here. */
  follow(): void {
    const { at, speed } = this.words.value;
    if (speed !== undefined) this.speed.value = speed;
    if (at === this.#written) return;
    this.#written = at;
    this.at.value = at;
  }

  /** Shows a moment. */
  seek(at: number): void {
    this.#show(at);
    this.#write({ at: this.#second(at) });
  }

  /** Shows a moment while a hand still moves: the address is told at the end, by seek. */
  scrub(at: number): void {
    this.#show(at);
  }

  /** Goes back to now. */
  live(): void {
    this.#written = undefined;
    this.at.value = undefined;
    this.change({ at: undefined, speed: undefined });
  }

  /** Runs, or stands still. */
  play(on: boolean): void {
    const at = this.at.value;
    if (at !== undefined) this.#write({ at: this.#second(at), speed: on ? this.speed.value : undefined });
  }

  /** Runs at another speed. */
  pace(speed: number): void {
    this.speed.value = speed;
    if (this.playing.value) this.#write({ speed });
  }

  /** Covers another period around the same moment. */
  cover(window: Window): void {
    this.#write({ window });
  }

  /** Moves by a part of the period: +1 a step on, -1 a step back. */
  step(by: number): void {
    const [at, period] = [this.at.value, this.period.value];
    if (at !== undefined && period) this.seek(at + (by * (period.to - period.from)) / 48);
  }

  /** Moves to the same place of the period after or before. */
  turn(by: number): void {
    const period = this.period.value;
    if (period) this.seek(by > 0 ? period.to : period.from - 1);
  }

  /** Lets time pass: `ms` of ours; `now` is the end of all playing, where the past meets the present. */
  advance(ms: number, now: number): void {
    const at = this.at.value;
    if (at === undefined || !this.playing.value || !this.open.value) return; // what is not loaded is waited for
    const next = at + ms * this.speed.value;
    if (next >= now) {
      this.live();
      return;
    }
    this.#show(next);
    if (performance.now() - this.#writtenAt >= WRITE_MS) this.#write({ at: this.#second(next) });
  }

  /** The newest of the events that were open at the moment, of one level or of all. */
  newest(most: number, level: number | undefined): readonly Item[] | undefined {
    const items = this.open.value?.map((e) => e.item).filter((item) => level === undefined || valueNumber(item, 'level') === level);
    return items?.slice(-most).reverse();
  }

  #second(at: number): number {
    return Math.floor(at / 1000) * 1000;
  }

  #show(at: number): void {
    this.at.value = at;
  }

  #write(words: PlaybackWords): void {
    if ('at' in words) this.#written = words.at;
    this.#writtenAt = performance.now();
    this.change(words);
  }
}
