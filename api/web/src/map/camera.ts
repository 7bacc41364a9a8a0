// The camera in an address: zoom/lat/lon/bearing/pitch.

/** Where the camera stands: zoom, centre in degrees, bearing and pitch in degrees. */
export interface Camera {
  readonly zoom: number;
  readonly lat: number;
  readonly lon: number;
  readonly bearing: number;
  readonly pitch: number;
}

/** Writes a camera. */
export function formatCamera(c: Camera): string {
  return [c.zoom.toFixed(2), c.lat.toFixed(5), c.lon.toFixed(5), c.bearing.toFixed(0), c.pitch.toFixed(0)].join('/').replace(/-0(?=\/|$)/g, '0');
}

/** Reads a camera; undefined where it is none. */
export function parseCamera(text: string | null): Camera | undefined {
  const [zoom, lat, lon, bearing = 0, pitch = 0, ...more] = (text ?? '').split('/').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (zoom === undefined || lat === undefined || lon === undefined || more.length > 0) return undefined;
  if (![zoom, lat, lon, bearing, pitch].every(Number.isFinite)) return undefined;
  if (zoom < 0 || zoom > 24 || Math.abs(lat) > 85 || Math.abs(lon) > 180 || pitch < 0 || pitch > 85) return undefined;
  return { zoom, lat, lon, bearing, pitch };
}
