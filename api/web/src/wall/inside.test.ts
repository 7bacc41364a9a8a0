import { expect, it } from 'vitest';
import type { Feature, Position } from 'geojson';
import { inside } from './inside';

const square = (from: number, to: number): Position[] => [[from, from], [to, from], [to, to], [from, to], [from, from]];
const feature = (geometry: Feature['geometry']): Feature => ({ type: 'Feature', properties: {}, geometry });

it('knows inside from outside, and a hole is outside', () => {
  const ring = feature({ type: 'Polygon', coordinates: [square(0, 10), square(4, 6)] });
  expect([[1, 1], [5, 5], [11, 5], [9.9, 0.1]].map(([x = 0, y = 0]) => inside(ring, [x, y]))).toEqual([true, false, false, true]);
  const two = feature({ type: 'MultiPolygon', coordinates: [[square(0, 1)], [square(5, 6)]] });
  expect([inside(two, [5.5, 5.5]), inside(two, [3, 3]), inside(undefined, [0, 0])]).toEqual([true, false, false]);
});
