// What the wall knows, each fact with its own question. Nothing here draws.

import { computed, type ReadonlySignal } from '@preact/signals';
import type { Feature } from 'geojson';
import { readPage, type LayerCard } from '../service/data';
import type { Connection } from '../ui/connection';
import { AREA_LAYERS, Areas } from './areas';
import { Asked } from './asked';
import { Duty } from './duty';
import { Feed, feedPath } from './feed';
import { loadFigures, OPEN, type Figures, type Narrow } from './figures';
import { readGroups, sumUp, type Group } from './groups';
import { AREA_KPIS, kpiPath, readKpis, SHOWN_KPIS, type Kpis } from './kpis';
import type { WallState } from './state';

/** The areas and their shapes by code. */
interface Ground {
  readonly areas: Areas;
  readonly shapes: ReadonlyMap<string, Feature>;
}

const NOTHING: Ground = { areas: new Areas(), shapes: new Map() };

/** Facts is what is known at the moment. */
export class Facts {
  readonly #ground: Asked<Ground>;
  readonly #open: Asked<readonly Group[]>;
  /** The layers of the catalogue that the caller may see. */
  readonly cards: ReadonlySignal<readonly LayerCard[]>;
  readonly areas: ReadonlySignal<Areas>;
  /** The shapes of areas by their codes. */
  readonly shapes: ReadonlySignal<ReadonlyMap<string, Feature>>;
  readonly figures: Asked<Figures>;
  /** The indicators of the scope; undefined while they are not known, and where the service works none out. */
  readonly kpis: Asked<Kpis>;
  /** Those by which the parts of the scope are compared: communities, in a community its grids. */
  readonly parts: Asked<Kpis>;
  /** How many open events each area has. */
  readonly open: ReadonlySignal<ReadonlyMap<string, number> | undefined>;
  /** How many open events of each kind the scope has, the most first. */
  readonly kinds: Asked<readonly Group[]>;
  /** Where streets are from. */
  readonly streets: Asked<readonly Group[]>;
  readonly feed: Feed;
  readonly duty: Duty;

  constructor(connection: Connection, state: ReadonlySignal<WallState>) {
    const { client, epoch } = connection;
    const sees = (layer: string): boolean => connection.collections.value.some((c) => c.id === layer);
    const events = computed(() => sees('events'));
    this.cards = connection.collections;
    this.#ground = new Asked(computed(() => AREA_LAYERS.filter(sees).join() || undefined), epoch, async (layers) => readGround(layers, (path) => client.json(path)));
    this.areas = computed(() => (this.#ground.value.value ?? NOTHING).areas);
    this.shapes = computed(() => (this.#ground.value.value ?? NOTHING).shapes);
    const narrow = computed((): Narrow | undefined => (events.value ? { level: state.value.level, scope: state.value.scope, all: this.areas.value.root?.code } : undefined));
    this.feed = new Feed(client, narrow, computed(() => narrow.value && feedPath(narrow.value)), epoch);
    this.duty = new Duty(client, computed(() => (sees('responders') ? Duty.path : undefined)), epoch);
    const scope = computed(() => state.value.scope);
    const narrowed = (path: (scope: string | undefined) => string): ReadonlySignal<string | undefined> => computed(() => (events.value ? path(scope.value) : undefined));
    const groups = async (path: string): Promise<readonly Group[]> => readGroups(await client.json(path));
    const kpis = async (path: string): Promise<Kpis> => readKpis(await client.json(path));
    this.figures = new Asked(narrowed((code) => code ?? ''), epoch, (code) => loadFigures(client, code || undefined));
    this.kpis = new Asked(narrowed((code) => kpiPath(SHOWN_KPIS, code)), epoch, kpis);
    this.parts = new Asked(narrowed((code) => kpiPath(AREA_KPIS, code, code === undefined ? 'community' : 'grid')), epoch, kpis);
    this.kinds = new Asked(narrowed((code) => openGroups('category', code)), epoch, groups);
    this.#open = new Asked(computed(() => (events.value ? openGroups('grid') : undefined)), epoch, groups);
    this.open = computed(() => this.#open.value.value && sumUp(this.#open.value.value, this.areas.value));
    this.streets = new Asked(computed(() => (sees('streets') ? '/analytics/groups/streets?by=provenance' : undefined)), epoch, groups);
  }

  /** Asks for the numbers again soon. */
  soon(): void {
    for (const asked of [this.figures, this.kpis, this.parts, this.kinds, this.#open]) asked.soon();
  }

  /** A layer of the catalogue. */
  card(layer: string): LayerCard | undefined {
    return this.cards.value.find((c) => c.id === layer);
  }
}

/** The question for open events by a field. */
const openGroups = (by: string, scope?: string): string => `/analytics/groups/events?by=${by}&${new URLSearchParams({ ...OPEN, ...(scope ? { scope } : {}) }).toString()}`;

async function readGround(layers: string, json: (path: string) => Promise<unknown>): Promise<Ground> {
  const names = layers.split(',');
  const bodies = await Promise.all(names.map((layer) => json(`/collections/${layer}/items?limit=1000`)));
  const areas = new Areas(Object.fromEntries(names.map((layer, i) => [layer, readPage(bodies[i]).items])));
  const features = bodies.flatMap((body) => (body as { features?: Feature[] }).features ?? []); // checked by the map itself
  return { areas, shapes: new Map(features.map((f) => [String(f.properties?.['code'] ?? ''), f])) };
}
