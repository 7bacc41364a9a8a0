import type { StyleSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import { anchorTiles, drawnFrom, drawnLayers, showOnly, tileOrigins } from './style';

const style: StyleSpecification = {
  version: 8,
  sources: {
    shapan: { type: 'vector', tiles: ['/xyz/grids,events/{z}/{x}/{y}.mvt'], maxzoom: 18 },
    sketch: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
  },
  layers: [
    { id: 'ground', type: 'background' },
    { id: 'grids', type: 'line', source: 'shapan', 'source-layer': 'grids', metadata: { 'shapan:layer': 'grids', 'shapan:title': '网格', 'shapan:legend': [{ label: '界', color: '#6aa5c9', shape: 'line' }] } },
    { id: 'grids-label', type: 'symbol', source: 'shapan', 'source-layer': 'grids', layout: { visibility: 'none', 'text-size': 9 }, metadata: { 'shapan:layer': 'grids' } },
    { id: 'zones', type: 'line', source: 'shapan', 'source-layer': 'zones', layout: { visibility: 'none' }, metadata: { 'shapan:layer': 'zones' } },
  ],
};

describe('the style of the service', () => {
  it('names the layers that it draws, once each', () => {
    expect(drawnLayers(style)).toEqual([
      { name: 'grids', title: '网格', shown: true, legend: [{ label: '界', color: '#6aa5c9', shape: 'line' }] },
      { name: 'zones', title: 'zones', shown: false, legend: [] },
    ]);
  });

  it('shows only what is asked for, keeps the ground, and leaves the original alone', () => {
    const copy = structuredClone(style);
    const only = showOnly(style, (name) => name === 'zones');
    expect(only.layers.map((l) => l.layout?.visibility)).toEqual([undefined, 'none', 'none', 'visible']);
    expect(only.layers[2]?.layout).toMatchObject({ 'text-size': 9 });
    expect(style).toEqual(copy);
  });

  it('makes tile addresses absolute and knows what is in them', () => {
    const anchored = anchorTiles(style, 'http://wall:8080');
    expect(anchored.sources['shapan']).toMatchObject({ tiles: ['http://wall:8080/xyz/grids,events/{z}/{x}/{y}.mvt'] });
    expect(tileOrigins(anchored)).toEqual([{ name: 'shapan', layers: ['grids', 'events'], min: 0, max: 18, spreads: false }]);
    const heat: StyleSpecification = { version: 8, layers: [], sources: { h: { type: 'vector', tiles: ['/heat/events/{z}/{x}/{y}.mvt?level=5'], minzoom: 8 } } };
    expect(tileOrigins(heat)).toEqual([{ name: 'h', layers: ['events'], min: 8, max: 22, spreads: true }]);
    const picture: StyleSpecification = { version: 8, layers: [], sources: { h: { type: 'raster', tiles: ['/heat/events/{z}/{x}/{y}.png?scale=2'], maxzoom: 16 } } };
    expect(tileOrigins(anchorTiles(picture, 'http://wall'))).toEqual([{ name: 'h', layers: ['events'], min: 0, max: 16, spreads: true }]);
  });

  it('knows where a layer is drawn from, labels left aside', () => {
    expect(drawnFrom(style, 'grids')).toEqual([{ source: 'shapan', sourceLayer: 'grids' }]);
    expect(drawnFrom(style, 'events')).toEqual([]);
  });
});
