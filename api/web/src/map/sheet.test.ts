import { describe, expect, it } from 'vitest';
import type { Feature } from 'geojson';
import { formatCamera, parseCamera, type Camera } from './camera';
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

const HERE: Camera = { zoom: 15.2, lat: 30.567, lon: 114.308, bearing: 0, pitch: 0 };

describe('a camera in an address', () => {
  it('is read as it was written, all over the world', () => {
    for (const zoom of [0, 9.25, 24]) {
      for (const [lat, lon] of [[30.56712, 114.30801], [-33.9, -70.65], [85, 180], [-85, -180]] as const) {
        for (const [bearing, pitch] of [[0, 0], [-180, 85], [37, 60], [-5, 1]] as const) {
          const camera = { zoom, lat, lon, bearing, pitch };
          expect(parseCamera(formatCamera(camera))).toEqual(camera);
        }
      }
    }
  });

  it('is written the same again after it was read: an address does not wander', () => {
    for (const camera of [HERE, { zoom: 13.98765, lat: 30.5671234, lon: 114.3080049, bearing: -0.4, pitch: 59.6 }]) {
      const text = formatCamera(camera);
      expect(formatCamera(parseCamera(text) ?? HERE)).toBe(text);
    }
  });

  it('is near enough to a metre, and has no negative nothing', () => {
    const read = parseCamera(formatCamera({ zoom: 14, lat: 30.5671234, lon: 114.3080049, bearing: -0.3, pitch: -0 }));
    expect(Math.abs((read?.lat ?? 0) - 30.5671234) * 111_000).toBeLessThan(1);
    expect(formatCamera({ ...HERE, bearing: -0.3, pitch: -0 })).toBe('15.20/30.56700/114.30800/0/0');
  });

  it('may leave out what is usual: north up, straight down', () => {
    expect(parseCamera('15/30.5/114.3')).toEqual({ zoom: 15, lat: 30.5, lon: 114.3, bearing: 0, pitch: 0 });
    expect(parseCamera('15/30.5/114.3/90')).toEqual({ zoom: 15, lat: 30.5, lon: 114.3, bearing: 90, pitch: 0 });
  });

  it.each([
    [null], [''], ['15'], ['15/30.5'], ['15//114.3'], ['15/30.5/114.3/'], ['15/30.5/114.3/ /0'], ['15/30.5/114.3/0/0/0'], ['x/30.5/114.3'], ['15/NaN/114.3'], ['15/Infinity/114.3'],
    ['-1/30.5/114.3'], ['24.1/30.5/114.3'], ['15/85.1/114.3'], ['15/-90/114.3'], ['15/30.5/180.1'], ['15/30.5/114.3/0/-1'], ['15/30.5/114.3/0/86'], ['15/30.5/114.3/Infinity/0'],
  ])('is none in %j', (text) => expect(parseCamera(text)).toBeUndefined());
});
