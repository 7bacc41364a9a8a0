import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { describe, expect, it } from 'vitest';
import type { Overlay } from '../map/live';
import { areasOverlay, cellsOverlay, codeColors, heatOverlay, marksOverlay, pickOverlay, pointsOverlay } from './overlay';
import { classesOf, RAMPS } from './shade';
import type { Layer } from './schema';

const layer = (geometry: Layer['geometry']): Layer => ({ id: 'events', title: { zh: '事件', en: 'Events' }, geometry, timeField: '', fields: [], seq: 1, maxzoom: 18 });
const faults = ({ sources, layers }: Overlay): string[] => validateStyleMin({ version: 8, glyphs: 'x/{fontstack}/{range}.pbf', sources: { ...sources }, layers: [...layers] } as never, latest as never).map((e) => e.message);
const shades = [{ code: '1', value: 3, small: false }, { code: '2', value: 9, small: true }, { code: '3', value: null, small: false }];
const stops = [{ value: 1, color: '#111111', opacity: 1 }, { value: 2, color: '#222222', opacity: 1 }];

describe('an overlay', () => {
  it('follows the specification of styles', () => {
    for (const theme of ['dark', 'light'] as const) {
      for (const geometry of ['point', 'line', 'polygon'] as const) {
        expect(faults(pointsOverlay(layer(geometry), 'level=3', theme, 'http://x', codeColors('level', ['1', '2'])))).toEqual([]);
      }
      expect(faults(areasOverlay('grid', shades, classesOf([3, 9], RAMPS[theme]), theme, 'http://x'))).toEqual([]);
      expect(faults(areasOverlay('grid', [], [], theme, 'http://x'))).toEqual([]);
      expect(faults(pickOverlay('zone', theme, 'http://x'))).toEqual([]);
      expect(faults(marksOverlay(theme))).toEqual([]);
    }
    expect(faults(heatOverlay(layer('point'), 'level=3', 'http://x'))).toEqual([]);
    for (const some of [[], stops.slice(0, 1), stops]) expect(faults(cellsOverlay(some))).toEqual([]);
  });

  it('asks tiles with the filter', () => {
    expect(JSON.stringify(pointsOverlay(layer('point'), 'level=3', 'dark', 'http://x').sources)).toContain('http://x/xyz/events/{z}/{x}/{y}.mvt?level=3');
    expect(JSON.stringify(pointsOverlay(layer('point'), '', 'dark', 'http://x').sources)).toContain('{y}.mvt"');
    expect(JSON.stringify(heatOverlay(layer('point'), 'level=3', 'http://x').sources)).toContain('.png?scale=2&level=3');
  });
});
