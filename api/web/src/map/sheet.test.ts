import { describe, expect, it } from 'vitest';
import type { Feature } from 'geojson';
import { fitSheet, place, rings, sheetUnder, world } from './sheet';

const outline = [[114.296, 30.553], [114.323, 30.553], [114.323, 30.583], [114.296, 30.583]];
const margins = { top: 100, right: 400, bottom: 50, left: 300 };

describe('a sheet', () => {
  it('shows all of an outline between the margins, in the middle', () => {
    const sheet = fitSheet(outline, 1920, 1080, margins);
    if (!sheet) throw new Error('no sheet');
    const places = outline.map((p) => place(sheet, p));
    for (const [x, y] of places) {
      expect(x).toBeGreaterThan(300);
      expect(x).toBeLessThan(1520);
      expect(y).toBeGreaterThan(100);
      expect(y).toBeLessThan(1030);
    }
    const mid = (at: 0 | 1): number => places.reduce((sum, p) => sum + p[at], 0) / places.length;
    expect(mid(0)).toBeCloseTo((300 + 1520) / 2, 3);
    expect(mid(1)).toBeCloseTo((100 + 1030) / 2, 3);
  });

  it('has no sheet for nothing, and one for a point', () => {
    expect(fitSheet([], 100, 100, margins)).toBeUndefined();
    expect(fitSheet([[114.3, 30.56]], 1920, 1080, margins)?.scale).toBeLessThan(2 ** 30);
  });

  it('under a camera has the camera in its middle, and the next zoom twice as large', () => {
    const sheet = sheetUnder({ zoom: 14, lon: 114.3, lat: 30.56 }, 800, 600);
    const [x, y] = place(sheet, [114.3, 30.56]);
    expect([x, y]).toEqual([expect.closeTo(400, 6), expect.closeTo(300, 6)]);
    const east = (zoom: number): number => place(sheetUnder({ zoom, lon: 114.3, lat: 30.56 }, 800, 600), [114.31, 30.56])[0] - 400;
    expect(east(15)).toBeCloseTo(2 * east(14), 6);
  });

  it('knows the world and the rings of areas', () => {
    expect(world([0, 0])).toEqual([0.5, 0.5]);
    const area = { type: 'Feature', properties: {}, geometry: { type: 'MultiPolygon', coordinates: [[[[0, 0]]], [[[1, 1]], [[2, 2]]]] } } as Feature;
    expect(rings(area)).toHaveLength(3);
    expect(rings({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [0, 0] } })).toEqual([]);
  });
});
