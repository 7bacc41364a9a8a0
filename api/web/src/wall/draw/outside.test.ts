import { describe, expect, it } from 'vitest';
import type { Feature, Position } from 'geojson';
import { outside } from './outside';

const ring: Position[] = [[0, 0], [1, 0], [1, 1], [0, 0]];
const feature = (geometry: Feature['geometry']): Feature => ({ type: 'Feature', properties: {}, geometry });

describe('the world less an area', () => {
  it('has a hole for each part of it', () => {
    expect(outside(feature({ type: 'Polygon', coordinates: [ring, ring] })).geometry.coordinates).toHaveLength(2);
    expect(outside(feature({ type: 'MultiPolygon', coordinates: [[ring], [ring]] })).geometry.coordinates).toHaveLength(3);
    expect(outside(feature({ type: 'Point', coordinates: [0, 0] })).geometry.coordinates).toHaveLength(1);
  });
});
