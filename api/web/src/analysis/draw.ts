// A polygon that is being drawn, and polygons as well-known text. Pure; positions are [lon, lat] in degrees.

/** A position. */
export type Position = readonly [number, number];

/** The most corners that a drawn area has: its text must fit into an address. */
export const MOST_CORNERS = 60;

/** Adds a corner; one that is where the last is, or too many, changes nothing. */
export function withCorner(corners: readonly Position[], at: Position): readonly Position[] {
  const p = [round(at[0]), round(at[1])] as const;
  const last = corners.at(-1);
  if ((last && last[0] === p[0] && last[1] === p[1]) || corners.length >= MOST_CORNERS) return corners;
  return [...corners, p];
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;

/** Whether corners are an area: three at least, and no two sides cross. */
export const isArea = (corners: readonly Position[]): boolean => corners.length >= 3 && !crosses(corners);

/** Whether two sides of the polygon cross. */
export function crosses(corners: readonly Position[]): boolean {
  const n = corners.length;
  if (n < 4) return false;
  const side = (i: number): readonly [Position, Position] | undefined => {
    const [a, b] = [corners[i], corners[(i + 1) % n]];
    return a && b ? [a, b] : undefined;
  };
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue; // they meet at the first corner
      const [s, t] = [side(i), side(j)];
      if (s && t && meet(s, t)) return true;
    }
  }
  return false;
}

const turn = (a: Position, b: Position, c: Position): number => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

function meet([a, b]: readonly [Position, Position], [c, d]: readonly [Position, Position]): boolean {
  return turn(a, b, c) * turn(a, b, d) <= 0 && turn(c, d, a) * turn(c, d, b) <= 0;
}

/** Writes an area as well-known text. */
export function writePolygon(corners: readonly Position[]): string {
  const first = corners[0];
  if (!first) return '';
  return `POLYGON((${[...corners, first].map(([lon, lat]) => `${lon} ${lat}`).join(',')}))`;
}

/** Reads the outer ring of a polygon, its first position not repeated; undefined for what is none, or is not closed. */
export function readPolygon(text: string): Position[] | undefined {
  const ring = /^\s*POLYGON\s*\(\(([^()]*)\)/i.exec(text)?.[1];
  const positions = ring?.split(',').map((p) => p.trim().split(/\s+/).map(Number));
  if (!positions || positions.length < 4) return undefined;
  const out = positions.flatMap(([lon, lat]) => (lon !== undefined && lat !== undefined && Number.isFinite(lon) && Number.isFinite(lat) ? [[lon, lat] as const] : []));
  const [first, last] = [out[0], out.at(-1)];
  const closed = first && last && first[0] === last[0] && first[1] === last[1];
  return closed && out.length === positions.length ? out.slice(0, -1) : undefined;
}

/** Whether a position lies in a ring. */
export function contains(ring: readonly Position[], [x, y]: Position): boolean {
  let inside = false;
  ring.forEach(([ax, ay], i) => {
    const [bx, by] = ring[(i + ring.length - 1) % ring.length] ?? [ax, ay];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}
