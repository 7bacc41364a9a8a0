// Everything outside the area that the wall is narrowed to steps back.

import { effect } from '@preact/signals';
import type { Feature, Polygon, Position } from 'geojson';
import type { WallMap } from '../map';
import type { Wall } from '../wall';

const SOURCE = 'scope';
const WORLD: Position[] = [[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]];

/** Dims the map outside the scope for as long as it is not disposed of. */
export function dimOutside(wall: Wall, map: WallMap): () => void {
  return effect(() => {
    const scope = wall.scope.value;
    const shape = scope && wall.facts.shapes.value.get(scope.code);
    if (!shape) {
      map.live.overlay(SOURCE, undefined);
      return;
    }
    map.live.data(SOURCE, outside(shape));
    map.live.overlay(SOURCE, {
      below: 'facilities',
      sources: { [SOURCE]: { type: 'geojson', data: outside(shape) } },
      layers: [
        { id: 'scope-outside', type: 'fill', source: SOURCE, paint: { 'fill-color': '#040a14', 'fill-opacity': 0.68, 'fill-antialias': false } },
        { id: 'scope-glow', type: 'line', source: SOURCE, paint: { 'line-color': '#7fe3ff', 'line-width': 14, 'line-opacity': 0.35, 'line-blur': 12 } },
        { id: 'scope-line', type: 'line', source: SOURCE, paint: { 'line-color': '#eafaff', 'line-width': 3.5 } },
      ],
    });
  });
}

/** The world less an area. */
export function outside(shape: Feature): Feature<Polygon> {
  const { geometry } = shape;
  const rings = geometry.type === 'Polygon' ? geometry.coordinates.slice(0, 1) : geometry.type === 'MultiPolygon' ? geometry.coordinates.flatMap((p) => p.slice(0, 1)) : [];
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [WORLD, ...rings] } };
}
