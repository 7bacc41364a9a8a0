import { expect, it } from 'vitest';
import { countFeatures, type TileFeature } from './counting';

const at = (lon: number, lat: number, properties: Record<string, unknown>, id?: number): TileFeature => ({
  geometry: { type: 'Point', coordinates: [lon, lat] },
  properties,
  ...(id === undefined ? {} : { id }),
});

it('counts a feature of two tiles once and a cluster as its points', () => {
  expect(countFeatures([])).toBe(0);
  expect(countFeatures([at(1, 1, {}, 7), at(1.00001, 1, {}, 7), at(1, 1, {}, 8)])).toBe(2);
  expect(countFeatures([at(1, 1, { id: 9 }), at(2, 2, { id: 9 })])).toBe(1);
  expect(countFeatures([at(1, 1, { point_count: 40 }), at(1.00001, 1.00001, { point_count: 40 }), at(2, 2, { point_count: 2 }), at(3, 3, {}, 1)])).toBe(43);
});
