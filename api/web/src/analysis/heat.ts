// Heat and hexagons of the service: what they are asked for, and the legend that comes with them.

import type { FeatureCollection } from 'geojson';
import type { Client } from '../service/client';
import { queryOf, type Filter } from './filter';
import type { Stop } from './overlay';
import { arr, num, obj, str } from './schema';
import type { Per } from './state';

/** The legend of heat: what colours mean, in a unit. */
export interface HeatLegend {
  readonly title: string;
  readonly unit: string;
  readonly stops: readonly Stop[];
  /** Below so many households a rate is drawn pale; 0 where it does not matter. */
  readonly smallHouseholds: number;
}

/** What heat is asked for. */
export interface HeatRequest {
  readonly filter: Filter;
  readonly per: Per;
  /** The window that is compared with; the difference is drawn. */
  readonly compare: string | undefined;
  readonly lang: string;
}

/** The query of heat. With `compare`, what is drawn is the filter's window less that one. */
export function heatQuery({ filter, per, compare, lang }: HeatRequest): URLSearchParams {
  const query = queryOf(filter);
  if (per !== 'count') query.set('per', per);
  if (compare !== undefined) query.set('compare', compare);
  query.set('lang', lang);
  return query;
}

/** Asks what the colours of heat mean. */
export async function askLegend(client: Client, layer: string, request: HeatRequest, signal: AbortSignal): Promise<HeatLegend> {
  return readLegend(await client.json(`/heat/${encodeURIComponent(layer)}/legend.json?${heatQuery(request)}`, { signal }));
}

/** Reads a legend. */
export function readLegend(body: unknown): HeatLegend {
  const l = obj(body);
  const stops = arr(l['stops']).map((s) => ({ value: num(obj(s)['value']) ?? 0, color: str(obj(s)['color']) || '#888888', opacity: num(obj(s)['opacity']) ?? 1 }));
  return { title: str(l['title']), unit: str(l['unit']), stops, smallHouseholds: num(l['small_households']) ?? 0 };
}

/** The width of hexagons in metres at a zoom: some 40 pixels on the screen, in steps, so that moving a little changes nothing. */
export function hexagonSize(zoom: number): number {
  return zoom < 13 ? 600 : zoom < 14.5 ? 200 : zoom < 16 ? 100 : 50;
}

/** Asks for hexagons with their legend. */
export async function askCells(client: Client, layer: string, request: HeatRequest, size: number, signal: AbortSignal): Promise<{ cells: FeatureCollection; legend: HeatLegend }> {
  const query = heatQuery(request);
  query.set('shape', 'hexagon');
  query.set('size', String(size));
  const body = await client.json(`/heat/${encodeURIComponent(layer)}/cells.geojson?${query}`, { signal });
  return { cells: body as FeatureCollection, legend: readLegend(obj(obj(body)['manifest'])['legend']) };
}
