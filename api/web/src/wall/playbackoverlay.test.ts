import { expect, it } from 'vitest';
import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import type { StyleSpecification } from 'maplibre-gl';
import { LIVE_ONLY, playbackOverlay } from './playbackoverlay';

const style: StyleSpecification = {
  version: 8,
  sources: { open: { type: 'vector', tiles: ['/xyz/events/{z}/{x}/{y}.mvt'] } },
  layers: [
    { id: 'ground', type: 'background' },
    { id: 'events-cluster', type: 'circle', source: 'open', 'source-layer': 'events', filter: ['has', 'point_count'], metadata: { 'shapan:layer': 'events' }, paint: { 'circle-radius': 9 } },
    { id: 'events', type: 'symbol', source: 'open', 'source-layer': 'events', metadata: { 'shapan:layer': 'events' }, layout: { 'icon-image': 'shapan:circle:#5cc8ff', visibility: 'none' } },
  ],
};

it('draws past events with the signs of those of now, and is a style of its own', () => {
  const { sources, layers } = playbackOverlay(style);
  expect(layers.map((l) => l.id)).toEqual(['playback-events-cluster', 'playback-events']);
  expect(layers.every((l) => !('source-layer' in l) && l.metadata === undefined)).toBe(true);
  expect(layers[1]?.layout?.visibility).toBe('visible');
  expect(validateStyleMin({ version: 8, sources, layers: [...layers] } as StyleSpecification, latest)).toEqual([]);
});

it('hides what speaks of now only', () => {
  expect(['events', 'heat', 'responders', 'grids'].map((name) => LIVE_ONLY.has(name))).toEqual([true, true, true, false]);
});
