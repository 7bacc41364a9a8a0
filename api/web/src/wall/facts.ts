// What the wall knows, and how it asks for it. Nothing here draws.

import type { StyleSpecification } from 'maplibre-gl';
import { type Client, MissingError, RefusedError } from '../service/client';
import { readCollections, readItem, readPage, readReadiness, valueNumber, valueText, type Change, type Item, type LayerCard, type Readiness } from '../service/data';
import type { Lang } from '../words/format';
import { latestPath, loadFigures, type Figures } from './figures';
import { drawnLayers, type DrawnLayer } from '../map/style';

/** Rows that the list of events holds; the panel shows as many as have room. */
const LIST_LENGTH = 30;
/** More changed events at once than this are fetched as a list, not one by one. */
const FLOOD = 12;

/** What came of some changes of events. */
export interface News {
  /** Events that are new to everyone, the newest last. */
  readonly fresh: readonly Item[];
  /** How many were new when they were too many to look at one by one; 0 otherwise. */
  readonly flood: number;
}

/** Facts is what is known at the moment. Each part changes as a whole; what could not be asked stays as it was. */
export class Facts {
  style: StyleSpecification | undefined;
  drawn: readonly DrawnLayer[] = [];
  collections: readonly LayerCard[] = [];
  subdistrict: Item | undefined;
  communities: readonly Item[] = [];
  /** The newest events; undefined while they are not known or may not be. */
  events: readonly Item[] | undefined;
  figures: Figures | undefined;
  readiness: Readiness | undefined;
  /** Whether the service answered when it was last asked how it is. */
  reachable = true;

  constructor(private readonly client: Client) {}

  /** Whether the caller may see a layer. */
  sees(layer: string): boolean {
    return this.collections.some((c) => c.id === layer);
  }

  /** A layer of the catalogue. */
  card(layer: string): LayerCard | undefined {
    return this.collections.find((c) => c.id === layer);
  }

  /** The name of a community by its code, or the code. */
  area(code: string): string {
    const found = this.communities.find((item) => valueText(item, 'code') === code);
    return found ? valueText(found, 'name') : code;
  }

  /** The limit of the subdistrict, else the corners of whatever there is. */
  outline(): readonly (readonly [number, number])[] {
    if (this.subdistrict) return this.subdistrict.positions;
    const extent = this.collections.find((c) => c.extent)?.extent;
    return extent ? [[extent[0], extent[1]], [extent[2], extent[3]]] : [];
  }

  /** Forgets what only some may see. */
  forget(): void {
    this.events = undefined;
    this.figures = undefined;
  }

  /** Asks for style, layers and areas. What comes is taken only if `wanted` still says so when it is complete. */
  async loadGround(lang: Lang, wanted: () => boolean): Promise<boolean> {
    const [style, listed] = await Promise.all([this.client.json(`/style.json?lang=${lang}`), this.client.json(`/collections?lang=${lang}`)]);
    const collections = readCollections(listed, lang);
    const all = async (layer: string, limit: number): Promise<readonly Item[]> => {
      if (!collections.some((c) => c.id === layer)) return [];
      return readPage(await this.client.json(`/collections/${layer}/items?limit=${limit}`)).items;
    };
    const [places, communities] = await Promise.all([all('subdistricts', 1), all('communities', 1000)]);
    if (!wanted()) return false;
    this.style = style as StyleSpecification; // checked by the map itself
    this.drawn = drawnLayers(this.style);
    this.collections = collections;
    this.subdistrict = places[0];
    this.communities = communities;
    return true;
  }

  /** Asks for the newest events, of one level or of all. */
  async loadEvents(level: number | undefined): Promise<void> {
    this.events = this.sees('events') ? readPage(await this.client.json(latestPath(LIST_LENGTH, level))).items : undefined;
  }

  /** Asks for the numbers. */
  async loadFigures(): Promise<void> {
    this.figures = this.sees('events') ? await loadFigures(this.client) : undefined;
  }

  /** Asks how many features the layers have. */
  async loadCounts(lang: Lang): Promise<void> {
    this.collections = readCollections(await this.client.json(`/collections?lang=${lang}`), lang);
  }

  /** Asks the service how it is. */
  async askReadiness(): Promise<void> {
    try {
      this.readiness = readReadiness(await this.client.json('/readyz'));
      this.reachable = true;
    } catch (error) {
      this.reachable = error instanceof RefusedError;
    }
  }

  /** Brings changes of events into the list and says which events are new. */
  async take(changes: readonly Change[], level: number | undefined): Promise<News> {
    const inserted = new Set(changes.filter((c) => c.op === 'insert').map((c) => c.id));
    const gone = new Set(changes.filter((c) => c.op === 'delete').map((c) => c.id));
    const ids = [...new Set(changes.map((c) => c.id))].filter((id) => !gone.has(id));
    this.events = this.events?.filter((item) => !gone.has(item.id));
    if (ids.length > FLOOD) {
      await this.loadEvents(level);
      return { fresh: [], flood: inserted.size };
    }
    const items = (await Promise.all(ids.map((id) => this.#event(id)))).filter((item) => item !== undefined);
    for (const item of items) this.#insert(item, level, inserted.has(item.id));
    return { fresh: items.filter((item) => inserted.has(item.id)), flood: 0 };
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
  #insert(item: Item, level: number | undefined, isNew: boolean): void {
    const before = this.events ?? [];
    const fits = level === undefined || valueNumber(item, 'level') === level;
    const rest = before.filter((e) => e.id !== item.id);
    if (fits && (isNew || rest.length < before.length)) rest.push(item);
    rest.sort((a, b) => Date.parse(valueText(b, 'reported_at')) - Date.parse(valueText(a, 'reported_at')) || b.id - a.id);
    this.events = rest.slice(0, LIST_LENGTH);
  }
}
