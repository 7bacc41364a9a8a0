// What lies under a click on the map, of what the page has drawn.

import type { Map as GlMap, MapMouseEvent } from 'maplibre-gl';

/** What was clicked. */
export type Clicked =
  | { readonly kind: 'area'; readonly code: string; readonly by: 'pick' | 'shade' }
  | { readonly kind: 'cluster' }
  | { readonly kind: 'feature'; readonly id: number }
  | { readonly kind: 'cell' };

const REACH = 4;
const PARTS = ['analysis-pick', 'analysis-point', 'analysis-cluster', 'analysis-line', 'analysis-fill', 'analysis-cells', 'analysis-area'] as const;

/** The first of what lies under a click: what is picked before what is shown, points before what is under them. */
export function clicked(map: GlMap, { point: { x, y } }: Pick<MapMouseEvent, 'point'>): Clicked | undefined {
  for (const part of PARTS) {
    if (!map.getLayer(part)) continue;
    const near = part === 'analysis-point' || part === 'analysis-line' ? REACH : 0;
    const [found] = map.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: [part] });
    if (!found) continue;
    const code: unknown = found.properties['code'];
    if (part === 'analysis-pick' || part === 'analysis-area') return typeof code === 'string' ? { kind: 'area', code, by: part === 'analysis-pick' ? 'pick' : 'shade' } : undefined;
    if (part === 'analysis-cluster') return { kind: 'cluster' };
    if (part === 'analysis-cells') return { kind: 'cell' };
    const id = Number(found.id ?? found.properties['id']);
    if (Number.isFinite(id)) return { kind: 'feature', id };
  }
  return undefined;
}
