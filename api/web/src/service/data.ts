// What the service answers, checked as far as the pages rely on it.

import type { Bounds } from '../map/touched';

/** A layer as /collections lists it. */
export interface LayerCard {
  readonly id: string;
  readonly title: string;
  readonly count: number;
  readonly extent?: Bounds;
  /** The titles of the fields by their names, in order. */
  readonly fields: ReadonlyMap<string, string>;
  /** The titles of the values of enum fields. */
  readonly codes: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Whether the caller may change its features. */
  readonly writable?: true;
}

/** A feature with its properties; positions are [lon, lat]. */
export interface Item {
  readonly id: number;
  readonly point?: readonly [number, number];
  /** The box around its geometry. */
  readonly bounds?: Bounds;
  /** Every position of its geometry. */
  readonly positions: readonly (readonly [number, number])[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** A page of features and how many there are in all. */
export interface Page {
  readonly items: readonly Item[];
  readonly matched: number;
}

/** One change as the stream tells it. */
export interface Change {
  readonly layer: string;
  readonly id: number;
  readonly op: string;
  readonly bounds: readonly Bounds[];
}

/** What /readyz says. */
export interface Readiness {
  readonly status: string;
  readonly reason: string;
  readonly age: number;
  /** Of which moment the local copy is that is shown while the record is away, in milliseconds since 1970; absent: no copy. */
  readonly copy?: number;
}

type Fields = Record<string, unknown>;

const fields = (v: unknown): Fields => (typeof v === 'object' && v !== null ? (v as Fields) : {});
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
const text = (v: unknown): string => (typeof v === 'string' ? v : '');
const number = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0);

function bounds(v: unknown): Bounds | undefined {
  const n = list(v);
  const [w, s, e, north] = n;
  if (n.length !== 4 || typeof w !== 'number' || typeof s !== 'number' || typeof e !== 'number' || typeof north !== 'number') return undefined;
  return [w, s, e, north];
}

/** The text of a property, "" where it has none. */
export const valueText = (item: Item, name: string): string => {
  const v = item.values[name];
  return typeof v === 'number' || typeof v === 'boolean' ? String(v) : text(v);
};

/** The number of a property, undefined where it has none. */
export const valueNumber = (item: Item, name: string): number | undefined => {
  const v = item.values[name];
  return typeof v === 'number' ? v : undefined;
};

/** The instant of a property in milliseconds, undefined where it has none. */
export const valueTime = (item: Item, name: string): number | undefined => {
  const at = Date.parse(text(item.values[name]));
  return Number.isNaN(at) ? undefined : at;
};

/** Reads /collections. Titles of enum values come in the language asked for, where the service sends them. */
export function readCollections(body: unknown, lang: string): LayerCard[] {
  return list(fields(body)['collections']).map((entry) => {
    const card = fields(entry);
    const extent = bounds(list(fields(fields(card['extent'])['spatial'])['bbox'])[0]);
    return {
      id: text(card['id']),
      title: text(card['title']) || text(card['id']),
      count: number(card['count']),
      fields: new Map(list(card['fields']).map((f) => [text(fields(f)['name']), text(fields(fields(f)['title'])[lang]) || text(fields(f)['name'])])),
      codes: readCodes(card['fields'], lang),
      ...(extent ? { extent } : {}),
      ...(card['writable'] === true ? { writable: true as const } : {}),
    };
  });
}

function readCodes(schema: unknown, lang: string): Map<string, Map<string, string>> {
  const out = new Map<string, Map<string, string>>();
  for (const entry of list(schema)) {
    const field = fields(entry);
    const titles = new Map<string, string>();
    for (const code of list(field['codes'])) {
      const c = fields(code);
      titles.set(text(c['value']), text(fields(c['title'])[lang]) || text(c['value']));
    }
    if (titles.size > 0) out.set(text(field['name']), titles);
  }
  return out;
}

/** Reads a GeoJSON feature; undefined when it has no number as its id. */
export function readItem(body: unknown): Item | undefined {
  const feature = fields(body);
  const id = Number(feature['id']);
  if (!Number.isFinite(id)) return undefined;
  const geometry = fields(feature['geometry']);
  const [lon, lat] = list(geometry['coordinates']);
  const point = geometry['type'] === 'Point' && typeof lon === 'number' && typeof lat === 'number' ? ([lon, lat] as const) : undefined;
  const positions = positionsOf(geometry['coordinates']);
  const around = boundsOf(positions);
  return { id, values: fields(feature['properties']), positions, ...(point ? { point } : {}), ...(around ? { bounds: around } : {}) };
}

/** The positions in nested lists of them. */
function positionsOf(v: unknown): (readonly [number, number])[] {
  const [lon, lat] = list(v);
  return typeof lon === 'number' && typeof lat === 'number' ? [[lon, lat]] : list(v).flatMap(positionsOf);
}

/** The box around positions; undefined for none. */
function boundsOf(positions: readonly (readonly [number, number])[]): Bounds | undefined {
  return positions.reduce<Bounds | undefined>((b, [lon, lat]) => {
    if (!b) return [lon, lat, lon, lat];
    return [Math.min(b[0], lon), Math.min(b[1], lat), Math.max(b[2], lon), Math.max(b[3], lat)];
  }, undefined);
}

/** Reads a GeoJSON FeatureCollection with numberMatched. */
export function readPage(body: unknown): Page {
  const page = fields(body);
  const items = list(page['features']).flatMap((f) => readItem(f) ?? []);
  return { items, matched: 'numberMatched' in page ? number(page['numberMatched']) : items.length };
}

/** Reads the data of an event of the stream: its number, when it was sent (milliseconds), how old the data was then (seconds), and the changes. */
export function readNews(data: string): { seq: number; at: number; age: number; changes: Change[] } {
  let body: Fields;
  try {
    body = fields(JSON.parse(data));
  } catch {
    return { seq: 0, at: NaN, age: 0, changes: [] };
  }
  const changes = list(body['changes']).map((entry) => {
    const c = fields(entry);
    return { layer: text(c['layer']), id: number(c['id']), op: text(c['op']), bounds: list(c['bounds']).map(bounds).filter((b) => b !== undefined) };
  });
  return { seq: number(body['seq']), at: Date.parse(text(body['at'])), age: Math.max(0, number(body['age_seconds'])), changes };
}

/** Reads /readyz. */
export function readReadiness(body: unknown): Readiness {
  const b = fields(body);
  const copy = Date.parse(text(b['copy']));
  return { status: text(b['status']) || 'ready', reason: text(b['reason']), age: number(b['age_seconds']), ...(Number.isNaN(copy) ? {} : { copy }) };
}
