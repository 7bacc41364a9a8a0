import { describe, expect, it } from 'vitest';
import { formatCamera, parseCamera, type Camera } from './camera';

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
