// Who is on duty, where, and what of the subdistrict nobody covers.

import { effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Client } from '../service/client';
import { readPage, valueNumber, valueText, valueTime, type Change, type Item } from '../service/data';
import type { Area } from './areas';
import { Asked } from './asked';

/** A position older than this no longer says where somebody is. */
export const FIX_STALE_MS = 15 * 60_000;
/** Changes of responders gather this long, so that a stream of positions costs one question a second. */
const GATHER_MS = 1000;
const MOST = 1000;
const FIELDS = 'code,title,role,duty,activity,open_tasks,community,zone,grid,fix_at,accuracy_m';

/** Somebody on duty; at is longitude and latitude, fixed is in milliseconds since 1970. */
export interface Responder {
  readonly id: number;
  readonly at: readonly [number, number];
  readonly title: string;
  readonly zone: string;
  readonly busy: boolean;
  readonly fixed: number | undefined;
}

/** Duty follows those on duty. */
export class Duty {
  /** By id; undefined while they are not known or may not be. */
  readonly responders: Signal<ReadonlyMap<number, Responder> | undefined> = signal(undefined);
  /** When they were last asked for, in milliseconds since 1970. */
  readonly at: Signal<number | undefined> = signal(undefined);
  readonly #list: Asked<readonly Item[]>;
  readonly #changed = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    question: ReadonlySignal<string | undefined>,
    epoch: ReadonlySignal<number>,
  ) {
    this.#list = new Asked(question, epoch, async (path) => readPage(await client.json(path)).items);
    effect(() => {
      const items = this.#list.value.value;
      this.responders.value = items && new Map(items.flatMap((item) => onDuty(item) ?? []).map((r) => [r.id, r]));
      this.at.value = this.#list.at.value;
    });
  }

  /** The question for everybody on duty. */
  static readonly path = `/collections/responders/items?duty=on_duty&limit=${MOST}&properties=${FIELDS}`;

  /** Takes changes of responders; who they are now is asked in one question a second. */
  take(changes: readonly Change[]): void {
    for (const { id } of changes) this.#changed.add(id);
    if (this.#changed.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const ids = [...this.#changed];
      this.#changed.clear();
      void this.#renew(ids).catch(() => this.#list.soon());
    }, GATHER_MS);
  }

  async #renew(ids: readonly number[]): Promise<void> {
    if (!this.responders.peek()) return;
    if (ids.length > MOST) return this.#list.soon();
    const page = readPage(await this.client.json(`/collections/responders/items?limit=${MOST}&properties=${FIELDS}&id=${ids.join(',')}`));
    const next = new Map(this.responders.peek());
    for (const id of ids) next.delete(id);
    for (const item of page.items) {
      const responder = onDuty(item);
      if (responder && next.size < MOST) next.set(responder.id, responder);
    }
    this.responders.value = next;
    this.at.value = Date.now();
  }
}

function onDuty(item: Item): Responder | undefined {
  if (!item.point || valueText(item, 'duty') !== 'on_duty') return undefined;
  return {
    id: item.id,
    at: item.point,
    title: valueText(item, 'title'),
    zone: valueText(item, 'zone'),
    busy: valueText(item, 'activity') === 'task' || (valueNumber(item, 'open_tasks') ?? 0) > 0,
    fixed: valueTime(item, 'fix_at'),
  };
}

/** How a zone is covered: somebody is free, all are busy, nobody's place is known, nobody is there. */
export type CoverState = 'free' | 'busy' | 'stale' | 'hole';

/** The cover of a zone: how many of those on duty are free, busy, and (free or busy) were not located lately. */
export interface Cover {
  readonly zone: Area;
  readonly free: number;
  readonly busy: number;
  readonly stale: number;
  readonly state: CoverState;
}

/** The cover of each zone at a time. */
export function coverOf(zones: readonly Area[], responders: Iterable<Responder>, now: number): Cover[] {
  const by = new Map<string, Responder[]>();
  for (const r of responders) by.set(r.zone, [...(by.get(r.zone) ?? []), r]);
  return zones.map((zone) => {
    const there = by.get(zone.code) ?? [];
    const free = there.filter((r) => !r.busy).length;
    const stale = there.filter((r) => isStale(r, now)).length;
    return { zone, free, busy: there.length - free, stale, state: judgeCover(there.length, free, stale) };
  });
}

/** Whether nobody can say where somebody is. */
export const isStale = (r: Responder, now: number): boolean => r.fixed === undefined || now - r.fixed > FIX_STALE_MS;

function judgeCover(all: number, free: number, stale: number): CoverState {
  if (all === 0) return 'hole';
  if (stale === all) return 'stale';
  return free > 0 ? 'free' : 'busy';
}
