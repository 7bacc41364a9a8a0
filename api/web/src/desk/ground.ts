// The map of the desk lies flat: nothing that stands up or is written hides a way or a person, and a plain machine draws it quickly.

import type { StyleSpecification } from 'maplibre-gl';
import { drawnName } from '../map/style';

/** From here on there is room for the names of zones between the people. */
const ZONE_NAMES = 15;

/** Returns the style without what stands up; the flat picture of the same layer goes on at every zoom. Names of zones come when the map is near. */
export function flat(style: StyleSpecification): StyleSpecification {
  const standing = new Set(style.layers.filter((l) => l.type === 'fill-extrusion').map(drawnName));
  const layers = style.layers
    .filter((l) => l.type !== 'fill-extrusion')
    .map((l) => {
      if (l.id === 'zones-label') return { ...l, minzoom: ZONE_NAMES };
      if (l.type !== 'fill' || !standing.has(drawnName(l))) return l;
      const { maxzoom: _, ...rest } = l;
      return rest;
    });
  return { ...style, layers };
}
