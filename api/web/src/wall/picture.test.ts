import { describe, expect, it } from 'vitest';
import type { Feature } from 'geojson';
import { fitSheet, heatTiles, place, rings, world } from './picture';

const outline = [[114.296, 30.553], [114.323, 30.553], [114.323, 30.583], [114.296, 30.583]];
const margins = { top: 100, right: 400, bottom: 50, left: 300 };

describe('the picture', () => {
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

  it('is covered by tiles of heat, each where its corner is', () => {
    const sheet = fitSheet(outline, 1920, 1080, margins);
    if (!sheet) throw new Error('no sheet');
    const tiles = heatTiles(sheet);
    expect(tiles.length).toBeGreaterThan(5);
    expect(Math.min(...tiles.map((t) => t.x))).toBeLessThanOrEqual(0);
    expect(Math.max(...tiles.map((t) => t.x + t.side))).toBeGreaterThanOrEqual(1920);
    expect(Math.min(...tiles.map((t) => t.y))).toBeLessThanOrEqual(0);
    expect(Math.max(...tiles.map((t) => t.y + t.side))).toBeGreaterThanOrEqual(1080);
    const [z, x, y] = (/(\d+)\/(\d+)\/(\d+)\.png/.exec(tiles[0]?.path ?? '') ?? []).slice(1).map(Number) as [number, number, number];
    const corner = place(sheet, [(x / 2 ** z) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180) / Math.PI]);
    expect(corner[0]).toBeCloseTo(tiles[0]?.x ?? 0, 3);
    expect(corner[1]).toBeCloseTo(tiles[0]?.y ?? 0, 3);
  });

  it('knows the world and the rings of areas', () => {
    expect(world([0, 0])).toEqual([0.5, 0.5]);
    const area = { type: 'Feature', properties: {}, geometry: { type: 'MultiPolygon', coordinates: [[[[0, 0]]], [[[1, 1]], [[2, 2]]]] } } as Feature;
    expect(rings(area)).toHaveLength(3);
    expect(rings({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [0, 0] } })).toEqual([]);
  });
});
