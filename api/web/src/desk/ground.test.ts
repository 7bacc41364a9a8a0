import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { expect, it } from 'vitest';
import { flat } from './ground';

const layer = (id: string, type: 'fill' | 'fill-extrusion', name: string, maxzoom?: number): LayerSpecification =>
  ({ id, type, source: 's', metadata: { 'shapan:layer': name }, ...(maxzoom === undefined ? {} : { maxzoom }) }) as LayerSpecification;

it('lets nothing stand up, and draws it flat at every zoom', () => {
  const style: StyleSpecification = { version: 8, sources: {}, layers: [layer('a', 'fill', 'buildings', 14), layer('b', 'fill-extrusion', 'buildings'), layer('c', 'fill', 'grids', 12)] };
  expect(flat(style).layers).toEqual([layer('a', 'fill', 'buildings'), layer('c', 'fill', 'grids', 12)]);
  expect(style.layers).toHaveLength(3);
});

it('writes the names of zones only when the map is near', () => {
  const label = { id: 'zones-label', type: 'symbol', source: 's', minzoom: 14, metadata: { 'shapan:layer': 'zones' } } as LayerSpecification;
  expect(flat({ version: 8, sources: {}, layers: [label] }).layers[0]?.minzoom).toBeGreaterThan(14);
});
