// Which map tiles a change touches.

/** west, south, east, north in degrees (WGS-84, lon before lat); west > east crosses the antimeridian. */
export type Bounds = readonly [number, number, number, number];

/** The address of a tile in the Web Mercator scheme. */
export interface TileId {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

/** The part of a tile's side by which tiles reach over their neighbours; a feature that near is drawn in both. */
export const TILE_BUFFER = 1 / 64;

const MAX_LATITUDE = 85.0511287798066;

const fractionX = (lon: number): number => lon / 360 + 0.5;

function fractionY(lat: number): number {
  const clamped = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, lat));
  const sine = Math.sin((clamped * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

/** How far beyond a tile's side features still count (a part of the side), and how many tiles are worth naming. */
export interface TouchOptions {
  readonly reach?: number;
  readonly limit?: number;
}

/**
 * Returns the tiles of the zooms min..max (both included) that any of the bounds touches, buffer included, each once.
 * Returns undefined when there would be more than `limit`: then everything is to be fetched again.
 */
export function touchedTiles(bounds: readonly Bounds[], min: number, max: number, options: TouchOptions = {}): TileId[] | undefined {
  const { reach = TILE_BUFFER, limit = 20_000 } = options;
  const found = new Map<string, TileId>();
  for (const [west, south, east, north] of bounds) {
    const spans: [number, number][] = west <= east ? [[west, east]] : [[west, 180], [-180, east]];
    for (const [from, to] of spans) {
      for (let z = min; z <= max; z++) {
        const side = 2 ** z;
        const clamp = (v: number): number => Math.max(0, Math.min(side - 1, v));
        const left = Math.floor(fractionX(from) * side - reach);
        const right = Math.min(Math.floor(fractionX(to) * side + reach), left + side - 1);
        const top = clamp(Math.floor(fractionY(north) * side - reach));
        const bottom = clamp(Math.floor(fractionY(south) * side + reach));
        if ((right - left + 1) * (bottom - top + 1) > limit - found.size) return undefined;
        for (let x = left; x <= right; x++) {
          const wrapped = ((x % side) + side) % side;
          for (let y = top; y <= bottom; y++) found.set(`${z}/${wrapped}/${y}`, { z, x: wrapped, y });
        }
      }
    }
  }
  return [...found.values()];
}
