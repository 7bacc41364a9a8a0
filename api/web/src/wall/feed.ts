// The newest events, kept by the stream, and which of them are news.

import { effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Client } from '../service/client';
import { readPage, valueNumber, valueText, type Change, type Item } from '../service/data';
import { Asked } from './asked';
import { latestPath, type Narrow } from './figures';

/** Rows that the list of events holds; the panel shows as many as have room. */
const LIST_LENGTH = 30;
/** Changed events at once that are looked at; of more than this only the number is told. */
const LOOKED_AT = 200;

/** What came of some changes of events. */
export interface News {
  /** Events that are new to everyone, the newest last. */
  readonly fresh: readonly Item[];
  /** How many more were new than could be looked at. */
  readonly more: number;
}

/** Feed is the list of the newest events of an area and a level. */
export class Feed {
  /** The newest first; undefined while they are not known or may not be. */
  readonly items: Signal<readonly Item[] | undefined> = signal(undefined);
  /** When the list was last known to be right, in milliseconds since 1970. */
  readonly at: Signal<number | undefined> = signal(undefined);
  readonly #list: Asked<readonly Item[]>;

  constructor(
    private readonly client: Client,
    /** What the list is narrowed to; undefined while events may not be seen. */
    private readonly narrow: ReadonlySignal<Narrow | undefined>,
    question: ReadonlySignal<string | undefined>,
    epoch: ReadonlySignal<number>,
  ) {
    this.#list = new Asked(question, epoch, async (path) => readPage(await client.json(path)).items);
    effect(() => {
      this.items.value = this.#list.value.value;
      this.at.value = this.#list.at.value;
    });
  }

  /** Brings changes of events into the list and says which events are new, wherever they are. */
  async take(changes: readonly Change[]): Promise<News> {
    const inserted = new Set(changes.filter((c) => c.op === 'insert').map((c) => c.id));
    const gone = new Set(changes.filter((c) => c.op === 'delete').map((c) => c.id));
    const ids = [...new Set(changes.map((c) => c.id))].filter((id) => !gone.has(id));
    const looked = ids.slice(-LOOKED_AT);
    const items = looked.length === 0 ? [] : readPage(await this.client.json(`/collections/events/items?limit=${looked.length}&id=${looked.join(',')}`)).items;
    this.#merge(items, inserted, gone);
    if (ids.length > looked.length) this.#list.soon();
    const fresh = items.filter((item) => inserted.has(item.id)).sort((a, b) => reported(a) - reported(b) || a.id - b.id);
    return { fresh, more: ids.slice(0, -LOOKED_AT).filter((id) => inserted.has(id)).length };
  }

  /** Puts events where their times belong. An old event that is not in the list stays out of it. */
  #merge(items: readonly Item[], inserted: ReadonlySet<number>, gone: ReadonlySet<number>): void {
    const before = this.items.peek();
    const narrow = this.narrow.peek();
    if (!before || !narrow) return;
    const known = new Set(before.map((e) => e.id));
    const changed = new Set(items.map((e) => e.id));
    const kept = before.filter((e) => !changed.has(e.id) && !gone.has(e.id));
    const come = items.filter((e) => fits(e, narrow) && (known.has(e.id) || inserted.has(e.id)));
    this.items.value = [...kept, ...come].sort((a, b) => reported(b) - reported(a) || b.id - a.id).slice(0, LIST_LENGTH);
    this.at.value = Date.now();
  }
}

/** The address of the list. */
export const feedPath = (narrow: Narrow): string => latestPath(LIST_LENGTH, narrow);

const reported = (item: Item): number => Date.parse(valueText(item, 'reported_at'));

function fits(item: Item, { level, scope, all }: Narrow): boolean {
  if (level !== undefined && valueNumber(item, 'level') !== level) return false;
  return scope === undefined || scope === all || ['community', 'zone', 'grid'].some((field) => valueText(item, field) === scope);
}
