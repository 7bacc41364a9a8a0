// Which area a place lies in.

import type { Feature, Position } from 'geojson';

/** Whether a place (lon, lat) lies in an area; a hole in the area is outside. */
export function inside(shape: Feature | undefined, at: readonly [number, number]): boolean {
  const geometry = shape?.geometry;
  const polygons = geometry?.type === 'Polygon' ? [geometry.coordinates] : geometry?.type === 'MultiPolygon' ? geometry.coordinates : [];
  return polygons.some((rings) => rings.filter((ring) => winds(ring, at)).length % 2 === 1);
}

/** Whether a ray from the place crosses a ring an odd number of times. */
function winds(ring: readonly Position[], [x, y]: readonly [number, number]): boolean {
  let odd = false;
  ring.forEach(([xa = 0, ya = 0], i) => {
    const [xb = 0, yb = 0] = ring[(i || ring.length) - 1] ?? [];
    if (ya > y !== yb > y && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) odd = !odd;
  });
  return odd;
}
