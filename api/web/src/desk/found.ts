// What GET /search answers.

import { fields, list, number, text } from '../service/loose';
import type { Bounds } from '../map/touched';
import type { Place } from './state';

/** Something that was found. */
export interface Found {
  readonly layer: string;
  readonly layerTitle: string;
  readonly id: number;
  readonly title: string;
  readonly subtitle: string;
  readonly code: string;
  readonly stage: string;
  readonly at: Place;
  readonly bounds?: Bounds;
}

/** Reads the answer; what has no place is left out. */
export function readFound(body: unknown): { readonly found: readonly Found[]; readonly total: number } {
  const found = list(fields(body)['features']).flatMap((v) => {
    const f = fields(v);
    const p = fields(f['properties']);
    const [lon, lat] = list(fields(f['geometry'])['coordinates']);
    const [west, south, east, north] = list(f['bbox']).map(number);
    if (typeof lon !== 'number' || typeof lat !== 'number') return [];
    const bounds: Bounds | undefined = west !== undefined && south !== undefined && east !== undefined && north !== undefined ? [west, south, east, north] : undefined;
    const at: Place = [lon, lat];
    return [{
      layer: text(p['layer']), layerTitle: text(p['layer_title']), id: number(f['id']), title: text(p['title']), subtitle: text(p['subtitle']), code: text(p['code']), stage: text(p['stage']),
      at, ...(bounds ? { bounds } : {}),
    }];
  });
  return { found, total: number(fields(body)['numberMatched']) };
}
