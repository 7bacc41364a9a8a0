// What the wall knows, each fact with its own question. Nothing here draws.

import { computed, type ReadonlySignal } from '@preact/signals';
import type { Feature } from 'geojson';
import { readPage, type Item, type LayerCard } from '../service/data';
import type { Connection } from '../ui/connection';
import { AREA_LAYERS, Areas } from './areas';
import { Asked } from './asked';
import { Duty } from './duty';
import { Feed, feedPath } from './feed';
import { loadFigures, OPEN, type Figures, type Narrow } from './figures';
import type { WallState } from './state';

/** The days over which rates are taken. */
export const RATE_DAYS = 30;
/** As many events as one question asks for. */
const MOST_EVENTS = 10_000;
const PLACED = 'level,severity,category,domain,stage,community,zone,grid,reported_at,deadline_at';

/** The areas and their shapes by code. */
interface Ground {
  readonly areas: Areas;
  readonly shapes: ReadonlyMap<string, Feature>;
}

const NOTHING: Ground = { areas: new Areas(), shapes: new Map() };

/** Facts is what is known at the moment. */
export class Facts {
  readonly #ground: Asked<Ground>;
  readonly #newest: ReadonlySignal<number | undefined>;
  /** The layers of the catalogue that the caller may see. */
  readonly cards: ReadonlySignal<readonly LayerCard[]>;
  readonly areas: ReadonlySignal<Areas>;
  /** The shapes of areas by their codes. */
  readonly shapes: ReadonlySignal<ReadonlyMap<string, Feature>>;
  readonly figures: Asked<Figures>;
  /** Every open event of the subdistrict. */
  readonly open: Asked<readonly Item[]>;
  /** Every event of the last days that have data. */
  readonly recent: Asked<readonly Item[]>;
  readonly feed: Feed;
  readonly duty: Duty;

  constructor(connection: Connection, state: ReadonlySignal<WallState>) {
    const { client, epoch } = connection;
    const sees = (layer: string): boolean => connection.collections.value.some((c) => c.id === layer);
    const events = computed(() => sees('events'));
    const page = async (path: string): Promise<readonly Item[]> => readPage(await client.json(path)).items;
    this.cards = connection.collections;
    this.#ground = new Asked(computed(() => AREA_LAYERS.filter(sees).join() || undefined), epoch, async (layers) => readGround(layers, (path) => client.json(path)));
    this.areas = computed(() => (this.#ground.value.value ?? NOTHING).areas);
    this.shapes = computed(() => (this.#ground.value.value ?? NOTHING).shapes);
    const narrow = computed((): Narrow | undefined => (events.value ? { level: state.value.level, scope: state.value.scope, all: this.areas.value.root?.code } : undefined));
    this.feed = new Feed(client, narrow, computed(() => narrow.value && feedPath(narrow.value)), epoch);
    this.duty = new Duty(client, computed(() => (sees('responders') ? Duty.path : undefined)), epoch);
    this.figures = new Asked(computed(() => (events.value ? (state.value.scope ?? '') : undefined)), epoch, (scope) => loadFigures(client, scope));
    this.open = new Asked(computed(() => (events.value ? `/collections/events/items?limit=${MOST_EVENTS}&properties=${PLACED}&${new URLSearchParams(OPEN).toString()}` : undefined)), epoch, page);
    this.#newest = computed(() => this.figures.value.value?.newest);
    this.recent = new Asked(computed(() => recentPath(events.value, this.#newest.value)), epoch, page);
  }

  /** Asks for the numbers again soon. */
  soon(): void {
    for (const asked of [this.figures, this.open, this.recent]) asked.soon();
  }

  /** A layer of the catalogue. */
  card(layer: string): LayerCard | undefined {
    return this.cards.value.find((c) => c.id === layer);
  }
}

/** The question for the events of the last days. It moves by whole days, so that it is not another one with each event. */
function recentPath(allowed: boolean, newest: number | undefined): string | undefined {
  if (!allowed || newest === undefined) return undefined;
  const from = new Date(Math.floor(newest / 86_400_000) * 86_400_000 - (RATE_DAYS - 1) * 86_400_000).toISOString();
  return `/collections/events/items?limit=${MOST_EVENTS}&properties=${PLACED}&datetime=${from}/..`;
}

async function readGround(layers: string, json: (path: string) => Promise<unknown>): Promise<Ground> {
  const names = layers.split(',');
  const bodies = await Promise.all(names.map((layer) => json(`/collections/${layer}/items?limit=1000`)));
  const areas = new Areas(Object.fromEntries(names.map((layer, i) => [layer, readPage(bodies[i]).items])));
  const features = bodies.flatMap((body) => (body as { features?: Feature[] }).features ?? []); // checked by the map itself
  return { areas, shapes: new Map(features.map((f) => [String(f.properties?.['code'] ?? ''), f])) };
}
