// The map of the desk lies flat: nothing that stands up hides a way or a person, and a plain machine draws it quickly.

import type { StyleSpecification } from 'maplibre-gl';
import { drawnName } from '../map/style';

/** Returns the style without what stands up; the flat picture of the same layer goes on at every zoom. */
export function flat(style: StyleSpecification): StyleSpecification {
  const standing = new Set(style.layers.filter((l) => l.type === 'fill-extrusion').map(drawnName));
  const layers = style.layers
    .filter((l) => l.type !== 'fill-extrusion')
    .map((l) => {
      if (l.type !== 'fill' || !standing.has(drawnName(l))) return l;
      const { maxzoom: _, ...rest } = l;
      return rest;
    });
  return { ...style, layers };
}
