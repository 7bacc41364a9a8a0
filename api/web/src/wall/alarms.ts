// What comes in, how much of it, and what a person has not seen yet. Times in milliseconds since 1970.

import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { valueNumber, valueText, type Item } from '../service/data';

/** An event that calls for attention. */
export interface Alarm {
  readonly item: Item;
  readonly level: number;
  /** When this wall heard of it. */
  readonly at: number;
  readonly seen: boolean;
}

/** Alarms of one place and one kind. */
export interface AlarmGroup {
  readonly area: string;
  readonly category: string;
  readonly level: number;
  readonly count: number;
  readonly last: number;
  readonly ids: readonly number[];
}

/** The level that takes over the wall, and the one that is announced over the map. */
export const TAKEOVER_LEVEL = 5;
export const BANNER_LEVEL = 4;
/** More than this many alarms in this time are a flood: nobody can look at them one by one (EEMUA 191). */
export const FLOOD_OVER = 10;
export const FLOOD_MS = 10 * 60_000;
/** How long a banner stays. */
export const BANNER_MS = 20_000;
const MOST = 200;

/** Alarms holds what came in lately. */
export class Alarms {
  /** The newest first. */
  readonly list: Signal<readonly Alarm[]> = signal([]);
  readonly #arrived: Signal<readonly number[]> = signal([]);
  /** How many came in the last ten minutes. */
  readonly rate: ReadonlySignal<number> = computed(() => this.#arrived.value.filter((at) => at > this.now.value - FLOOD_MS).length);
  /** Whether they are too many to be told one by one. */
  readonly flood: ReadonlySignal<boolean> = computed(() => this.rate.value > FLOOD_OVER);
  /** Events of the highest level that nobody has seen, the oldest first: one takes over the wall, the others wait. */
  readonly queue: ReadonlySignal<readonly Alarm[]> = computed(() => this.list.value.filter((a) => !a.seen && a.level >= TAKEOVER_LEVEL).reverse());
  /** What is announced over the map; undefined for nothing, and in a flood. */
  readonly banner: ReadonlySignal<Alarm | undefined> = computed(() =>
    this.flood.value ? undefined : this.list.value.find((a) => a.level === BANNER_LEVEL && !a.seen && a.at > this.now.value - BANNER_MS),
  );

  constructor(private readonly now: ReadonlySignal<number>) {}

  /** Takes new events, and the number of those that could not be looked at. */
  add(items: readonly Item[], more: number): void {
    const now = this.now.peek();
    const come = items.map((item): Alarm => ({ item, level: valueNumber(item, 'level') ?? 0, at: now, seen: false }));
    this.list.value = [...come.reverse(), ...this.list.peek()].slice(0, MOST);
    const arrived = [...this.#arrived.peek(), ...Array.from({ length: Math.min(1000, items.length + more) }, () => now)];
    this.#arrived.value = arrived.filter((at) => at > now - FLOOD_MS).slice(-1000);
  }

  /** Notes that a person at this wall has seen some; the record is not changed. */
  see(ids: readonly number[]): void {
    this.list.value = this.list.peek().map((a) => (ids.includes(a.item.id) ? { ...a, seen: true } : a));
  }

  /** Forgets everything, as for another caller. */
  forget(): void {
    this.list.value = [];
    this.#arrived.value = [];
  }

  /** What came in the last ten minutes and was not seen, by community and kind: the gravest and most frequent first. */
  groups(): readonly AlarmGroup[] {
    const found = new Map<string, AlarmGroup>();
    for (const { item, level, at, seen } of this.list.value) {
      if (seen || at <= this.now.value - FLOOD_MS) continue;
      const [area, category] = [valueText(item, 'community'), valueText(item, 'category')];
      const key = `${area} ${category}`;
      const g = found.get(key) ?? { area, category, level: 0, count: 0, last: 0, ids: [] };
      found.set(key, { area, category, level: Math.max(g.level, level), count: g.count + 1, last: Math.max(g.last, at), ids: [...g.ids, item.id] });
    }
    return [...found.values()].sort((a, b) => b.level - a.level || b.count - a.count || b.last - a.last);
  }
}
