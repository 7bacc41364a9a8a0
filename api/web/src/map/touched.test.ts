import { describe, expect, it } from 'vitest';
import { touchedTiles, type Bounds } from './touched';

const station: Bounds = [114.3036, 30.5637, 114.3036, 30.5637];
const names = (bounds: Bounds[], min: number, max: number): string[] =>
  (touchedTiles(bounds, min, max) ?? []).map((t) => `${t.z}/${t.x}/${t.y}`).sort();

describe('touchedTiles', () => {
  it('finds the one tile of a point at every zoom', () => {
    expect(names([station], 0, 2)).toEqual(['0/0/0', '1/1/0', '2/3/1']);
    expect(names([station], 14, 14)).toEqual(['14/13394/6729']);
  });

  it('reaches over the edge by the buffer of a tile', () => {
    const edge = (13395 / 2 ** 14 - 0.5) * 360;
    const side = 360 / 2 ** 14;
    const at = (lon: number): Bounds => [lon, 30.5637, lon, 30.5637];
    expect(names([at(edge - side / 100)], 14, 14)).toEqual(['14/13394/6729', '14/13395/6729']);
    expect(names([at(edge + side / 100)], 14, 14)).toEqual(['14/13394/6729', '14/13395/6729']);
    expect(names([at(edge - side / 50)], 14, 14)).toEqual(['14/13394/6729']);
  });

  it('covers the subdistrict with 120 tiles at zoom 17 when the buffer is left aside', () => {
    const tiles = touchedTiles([[114.2938, 30.5553, 114.3203, 30.5822]], 17, 17) ?? [];
    expect(tiles.length).toBeGreaterThanOrEqual(120);
    expect(tiles.length).toBeLessThanOrEqual(12 * 14);
  });

  it('names each tile once for overlapping old and new bounds', () => {
    expect(names([station, station], 13, 15)).toHaveLength(3);
  });

  it('crosses the antimeridian', () => {
    expect(names([[179.9, 10, -179.9, 11]], 3, 3)).toEqual(['3/0/3', '3/7/3']);
  });

  it('wraps a point beside the antimeridian to the other side of the world', () => {
    expect(names([[179.999, 10, 179.999, 10]], 3, 3)).toEqual(['3/0/3', '3/7/3']);
  });

  it('keeps the poles inside the square', () => {
    expect(names([[10, 89, 10, 90]], 2, 2)).toEqual(['2/2/0']);
  });

  it('gives up when everything is touched', () => {
    expect(touchedTiles([[-180, -85, 180, 85]], 0, 18)).toBeUndefined();
  });
});
