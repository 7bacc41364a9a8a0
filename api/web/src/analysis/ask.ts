// What the page asks the service, and what of the answers it relies on.

import { MissingError, type Client } from '../service/client';
import { readItem, type Item } from '../service/data';
import { queryOf, type Filter } from './filter';
import { arr, isAreaField, num, obj, readLayers, str, titles, type Layer, type Titles } from './schema';

/** A page of the table. */
export interface TablePage {
  readonly items: readonly Item[];
  readonly matched: number;
  /** The cursor of the next page; undefined on the last. */
  readonly next?: string;
  /** The number of the snapshot. */
  readonly seq: number;
}

/** A group of features. */
export interface Group {
  /** The value of each field; null is none. */
  readonly key: readonly (string | null)[];
  readonly title: readonly Titles[];
  readonly count: number;
}

/** The groups of the features that a filter chooses. */
export interface Groups {
  readonly matched: number;
  readonly groups: readonly Group[];
}

/** What a table page is asked for. */
export interface PageRequest {
  readonly layer: string;
  readonly filter: Filter;
  readonly columns: readonly string[];
  readonly sort?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

const path = (...parts: readonly string[]): string => parts.map((p) => `/${encodeURIComponent(p)}`).join('');

/** The layers that the caller may see. */
export async function askLayers(client: Client, signal: AbortSignal): Promise<Layer[]> {
  return readLayers(await client.json('/collections', { signal }));
}

/** The address of a page of items. */
export function pagePath(r: PageRequest): string {
  const query = queryOf(r.filter);
  query.set('limit', String(r.limit));
  if (r.columns.length > 0) query.set('properties', r.columns.join(','));
  if (r.sort) query.set('sortby', r.sort);
  if (r.after) query.set('after', r.after);
  return `${path('collections', r.layer, 'items')}?${query}`;
}

/** A page of the table. */
export async function askPage(client: Client, r: PageRequest, signal: AbortSignal): Promise<TablePage> {
  const response = await client.get(pagePath(r), { signal });
  const body = obj(await response.json());
  const items = arr(body['features']).flatMap((f) => readItem(f) ?? []);
  const link = arr(body['links']).find((l) => str(obj(l)['rel']) === 'next');
  const next = link === undefined ? undefined : new URL(str(obj(link)['href']), location.href).searchParams.get('after');
  return { items, matched: num(body['numberMatched']) ?? items.length, seq: Number(response.headers.get('Shapan-Seq') ?? 0), ...(next ? { next } : {}) };
}

/** One feature with its geometry as it came; undefined where there is none. */
export async function askItem(client: Client, layer: string, id: number, signal: AbortSignal): Promise<{ item: Item; geometry: unknown } | undefined> {
  try {
    const body = await client.json(path('collections', layer, 'items', String(id)), { signal });
    const item = readItem(body);
    return item && { item, geometry: obj(body)['geometry'] };
  } catch (error) {
    if (error instanceof MissingError) return undefined;
    throw error;
  }
}

/** The groups by fields or by time. Features of a facet's own field are not filtered by it, when `facet` says so. */
export async function askGroups(client: Client, layer: string, by: string, filter: Filter, signal: AbortSignal, facet = false): Promise<Groups> {
  const query = queryOf(filter, facet ? by : undefined);
  query.set('by', by);
  return readGroups(await client.json(`${path('analytics', 'groups', layer)}?${query}`, { signal }));
}

/** Reads the groups of an answer. */
export function readGroups(body: unknown): Groups {
  const b = obj(body);
  const groups = arr(b['groups']).map((g) => {
    const key = arr(obj(g)['key']).map((k) => (k === null || k === undefined || k === 'null()' ? null : String(k)));
    return { key, title: arr(obj(g)['title']).map((t, i) => titles(t, key[i] ?? '')), count: num(obj(g)['count']) ?? 0 };
  });
  return { matched: num(b['matched']) ?? 0, groups };
}

/** The first and the last moment of a layer, as days of China; undefined for a layer that has none. */
export async function askExtent(client: Client, layer: Layer, signal: AbortSignal): Promise<{ first: string; last: string } | undefined> {
  if (layer.timeField === '') return undefined;
  const end = async (sort: string): Promise<string | undefined> => {
    const page = await askPage(client, { layer: layer.id, filter: { terms: [] }, columns: [layer.timeField], sort, limit: 1 }, signal);
    const at = Date.parse(str(page.items[0]?.values[layer.timeField]));
    return Number.isNaN(at) ? undefined : new Date(at + 8 * 3600_000).toISOString().slice(0, 10);
  };
  const [first, last] = await Promise.all([end(layer.timeField), end(`-${layer.timeField}`)]);
  return first && last ? { first, last } : undefined;
}

/** An area that features belong to. */
export interface Area {
  readonly code: string;
  readonly name: string;
  readonly kind: 'subdistrict' | 'community' | 'zone' | 'grid';
  /** The code of the area around it, "" for the whole. */
  readonly parent: string;
  readonly households: number;
  /** In hectares; 0 where it is not known. */
  readonly hectares: number;
}

const KINDS = [
  { layer: 'subdistricts', kind: 'subdistrict', parent: '' },
  { layer: 'communities', kind: 'community', parent: 'subdistrict' },
  { layer: 'zones', kind: 'zone', parent: 'community' },
  { layer: 'grids', kind: 'grid', parent: 'zone' },
] as const;

/** All areas that the caller may see, the large ones first. What zones lack is the sum of their grids. */
export async function askAreas(client: Client, layers: readonly Layer[], signal: AbortSignal): Promise<Area[]> {
  const seen = KINDS.filter(({ layer }) => layers.some((l) => l.id === layer));
  const lists = await Promise.all(
    seen.map(async ({ layer, kind, parent }) => {
      const fields = layers.find((l) => l.id === layer)?.fields.map((f) => f.name) ?? [];
      const columns = ['code', 'name', parent, 'households', 'area_ha'].filter((c) => fields.includes(c));
      const page = await askPage(client, { layer, filter: { terms: [] }, columns, sort: 'code', limit: 2000 }, signal);
      return page.items.map(({ values: v }) => ({
        code: str(v['code']),
        name: str(v['name']) || str(v['code']),
        kind,
        parent: parent === '' ? '' : str(v[parent]),
        households: num(v['households']) ?? 0,
        hectares: num(v['area_ha']) ?? 0,
      }));
    }),
  );
  const all: Area[] = lists.flat();
  const sum = new Map<string, number>();
  for (const a of all) if (a.kind === 'grid') sum.set(a.parent, (sum.get(a.parent) ?? 0) + a.hectares);
  return all.map((a) => (a.hectares > 0 ? a : { ...a, hectares: sum.get(a.code) ?? 0 }));
}

/** The name of a group's value as the page shows it. */
export function groupName(group: Group, by: string, areaName: (code: string) => string, lang: 'zh' | 'en', none: string): string {
  const key = group.key[0];
  if (key === null || key === undefined || key === '') return none;
  const title = group.title[0]?.[lang] ?? key;
  return isAreaField(by) && title === key ? areaName(key) : title;
}
