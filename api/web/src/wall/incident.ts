// One event and all that is known around it: who should go and how, what can be walked to, how far it has come.

import { computed, type ReadonlySignal } from '@preact/signals';
import type { FeatureCollection } from 'geojson';
import { readItem, valueTime, type Item } from '../service/data';
import type { Connection } from '../ui/connection';
import { Asked } from './asked';
import type { Both } from './kpis';
import type { WallState } from './state';

/** The stages of an event by the fields that tell when each was reached, in order. */
export const STAGES = ['reported_at', 'accepted_at', 'filed_at', 'dispatched_at', 'ack_at', 'arrived_at', 'disposed_at', 'checked_at', 'closed_at'] as const;
/** The walks that are drawn, in minutes. */
const WALKS = [5, 10, 15];
const CANDIDATES = 4;

/** Somebody who could go; minutes and metres are along the route, whose positions are [lon, lat]. */
export interface Candidate {
  readonly id: number;
  readonly rank: number;
  readonly post: string;
  readonly minutes: number;
  readonly metres: number;
  readonly reason: Both;
  readonly route: readonly (readonly [number, number])[];
}

/** Those of a role who could go, the best first, and what the service recommends. */
export interface Ranking {
  readonly role: string;
  readonly title: Both;
  readonly summary: Both;
  readonly candidates: readonly Candidate[];
}

/** What lies within a walk. */
export interface Reach {
  readonly minutes: number;
  readonly households: number;
  /** The kinds of facilities with their nearest in metres, the nearest first. */
  readonly facilities: readonly { readonly title: string; readonly metres: number; readonly count: number }[];
}

/** Incident is the event that the address names. */
export class Incident {
  readonly event: Asked<Item | undefined>;
  readonly rankings: Asked<readonly Ranking[]>;
  /** The walks as the map draws them. */
  readonly walks: Asked<FeatureCollection>;
  /** What lies within each walk, the shortest first. */
  readonly reaches: ReadonlySignal<readonly Reach[]>;

  constructor(connection: Connection, state: ReadonlySignal<WallState>, lang: ReadonlySignal<string>) {
    const { client, epoch } = connection;
    const id = computed(() => (connection.sees('events') ? state.value.incident : undefined));
    this.event = new Asked(computed(() => (id.value === undefined ? undefined : `/collections/events/items/${id.value}`)), epoch, async (path) => readItem(await client.json(path)));
    this.rankings = new Asked(
      computed(() => (id.value !== undefined && connection.sees('responders') ? `/dispatch?event=${id.value}&k=${CANDIDATES}` : undefined)),
      epoch,
      async (path) => readRankings(await client.json(path)),
    );
    const at = computed(() => this.event.value.value?.point);
    this.walks = new Asked(
      computed(() => at.value && `/isochrone?lon=${at.value[0]}&lat=${at.value[1]}&minutes=${WALKS.join(',')}&lang=${lang.value}`),
      epoch,
      async (path) => (await client.json(path)) as FeatureCollection, // checked by the map itself
    );
    this.reaches = computed(() => readReaches(this.walks.value.value));
  }

  /** Asks again soon, as after a change of the event. */
  soon(): void {
    for (const asked of [this.event, this.rankings]) asked.soon();
  }
}

type Fields = Record<string, unknown>;

const fields = (v: unknown): Fields => (typeof v === 'object' && v !== null ? (v as Fields) : {});
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
const number = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0);
const text = (v: unknown): string => (typeof v === 'string' ? v : '');
const both = (v: unknown): Both => ({ zh: text(fields(v)['zh']), en: text(fields(v)['en']) });

/** Reads the answer of GET /dispatch. */
export function readRankings(body: unknown): Ranking[] {
  return list(fields(body)['lists']).map((entry) => {
    const ranking = fields(entry);
    return {
      role: text(ranking['role']),
      title: both(ranking['title']),
      summary: both(ranking['summary']),
      candidates: list(ranking['candidates']).map((candidate) => {
        const c = fields(candidate);
        return {
          id: number(c['id']),
          rank: number(c['rank']),
          post: text(c['post']),
          minutes: number(fields(c['terms'])['eta']),
          metres: number(c['metres']),
          reason: both(c['reason']),
          route: list(c['route']).map((p) => [number(list(p)[0]), number(list(p)[1])] as const),
        };
      }),
    };
  });
}

function readReaches(body: FeatureCollection | undefined): Reach[] {
  const reaches = (body?.features ?? []).map(({ properties }) => ({
    minutes: number(properties?.['minutes']),
    households: number(properties?.['households']),
    facilities: list(properties?.['facilities'])
      .map((f) => ({ title: text(fields(f)['title']), metres: number(fields(f)['nearest_metres']), count: number(fields(f)['count']) }))
      .sort((a, b) => a.metres - b.metres),
  }));
  return reaches.sort((a, b) => a.minutes - b.minutes);
}

/** A step of an event; at is absent for one that is still to come. */
export interface Step {
  readonly field: (typeof STAGES)[number];
  readonly at: number | undefined;
}

/** The steps of an event: those that were taken, and the next ones up to its end. A step that was passed over is left out. */
export function stepsOf(item: Item): Step[] {
  const last = STAGES.findLastIndex((field) => valueTime(item, field) !== undefined);
  const over = valueTime(item, 'cancelled_at') !== undefined;
  return STAGES.map((field) => ({ field, at: valueTime(item, field) })).filter(({ at }, i) => at !== undefined || (i > last && !over));
}
