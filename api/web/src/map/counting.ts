// Counting what tiles hold: one feature lies in several tiles, and a cluster stands for many.

import type { Geometry } from 'geojson';

/** What counting looks at. */
export interface TileFeature {
  readonly id?: string | number | undefined;
  readonly geometry: Geometry;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** How many different features these are; a cluster counts as the points that it stands for. */
export function countFeatures(features: readonly TileFeature[]): number {
  const seen = new Map<string, number>();
  for (const feature of features) {
    const points = feature.properties['point_count'];
    seen.set(keyOf(feature), typeof points === 'number' ? points : 1);
  }
  return [...seen.values()].reduce((sum, n) => sum + n, 0);
}

/** A name that is the same for the same feature in two tiles. A cluster in the margin of two tiles is one by its place. */
function keyOf({ id, geometry, properties }: TileFeature): string {
  const cluster = properties['point_count'] !== undefined;
  const known = id ?? properties['id'];
  if (!cluster && (typeof known === 'number' || typeof known === 'string')) return `feature ${known}`;
  if (geometry.type === 'Point') return `at ${geometry.coordinates.map((c) => c.toFixed(4)).join(' ')}`;
  return JSON.stringify(properties);
}
