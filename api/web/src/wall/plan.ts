// Where things stand on the wall: columns at the sides, the map between them, nothing across the joints of the screens.
// All lengths in rem, of which a wall has 54 in its height.

import type { Bezels } from './state';

/** A stretch from left to right. */
export interface Span {
  readonly x: number;
  readonly width: number;
}

/** The plan of a wall. */
export interface Plan {
  readonly left: readonly Span[];
  readonly right: readonly Span[];
  /** What the columns leave of the map. */
  readonly free: Span;
  /** The widest part of that without a joint: for what lies over the map. */
  readonly stage: Span;
  /** The middle of the title: of the wall, or where a joint is there of the screen left of it. */
  readonly title: number;
  /** The parts of the foot, one for each screen across. */
  readonly foot: readonly Span[];
  /** Where screens meet from top to bottom. */
  readonly joints: readonly number[];
}

/** The height of every wall, in rem. */
export const HEIGHT = 54;
/** The distance from the edge of a wall. */
export const MARGIN = 1.2;
const GAP = 1;
/** Half of what a joint hides, and a little air. */
export const AIR = 0.5;
const LEFT = 22;
const RIGHT = [23.6, 22.4] as const;

/** Plans a wall of `width` rem. At least half of it stays for the map. */
export function plan(width: number, bezels: Bezels = { columns: 1, rows: 1 }): Plan {
  const across = between(width, bezels.columns);
  const [leftWanted, rightWanted] = width >= 170 ? [2, 2] : width >= 125 ? [2, 1] : width >= 90 ? [1, 1] : [0, width >= 60 ? 1 : 0];
  const left = columns(width, across, leftWanted, LEFT, width / 2 - RIGHT[0] - MARGIN);
  const right = columns(width, across.map((x) => width - x), rightWanted, rightWanted > 1 ? RIGHT[1] : RIGHT[0], width / 2 - (end(left.at(-1)) ?? 0)).map(({ x, width: w }) => ({ x: width - x - w, width: w })).reverse();
  const from = end(left.at(-1)) ?? 0;
  const free = { x: from, width: (right[0]?.x ?? width) - from };
  return { left, right, free, stage: widest(free, across), title: bezels.columns % 2 === 1 ? width / 2 : width / 2 - width / bezels.columns / 2, foot: foot(width, across), joints: between(HEIGHT, bezels.rows) };
}

const end = (span: Span | undefined): number | undefined => span && span.x + span.width;

/** The joints of `n` equal parts. */
const between = (length: number, n: number): number[] => Array.from({ length: n - 1 }, (_, i) => ((i + 1) * length) / n);

/** Columns from the edge inwards, none across a joint, none beyond `most`. */
function columns(width: number, joints: readonly number[], wanted: number, size: number, most: number): Span[] {
  const out: Span[] = [];
  let x = MARGIN;
  while (out.length < wanted && x < width / 2) {
    const joint = joints.find((j) => j + AIR > x && j - AIR < x + size);
    if (joint !== undefined) {
      x = joint + AIR + GAP / 2;
      continue;
    }
    if (out.length > 0 && x + size > most) break;
    out.push({ x, width: size });
    x += size + GAP;
  }
  return out;
}

function widest(free: Span, joints: readonly number[]): Span {
  const inside = joints.filter((j) => j > free.x && j < free.x + free.width);
  const edges = [free.x, ...inside, free.x + free.width];
  const spans = edges.slice(1).map((to, i): Span => ({ x: (edges[i] ?? 0) + AIR, width: to - (edges[i] ?? 0) - 2 * AIR }));
  return spans.reduce((best, span) => (span.width > best.width + 0.01 ? span : best), spans[0] ?? free);
}

function foot(width: number, joints: readonly number[]): Span[] {
  const edges = [MARGIN - AIR, ...joints, width - MARGIN + AIR];
  return edges.slice(1).map((to, i) => ({ x: (edges[i] ?? 0) + AIR, width: to - (edges[i] ?? 0) - 2 * AIR }));
}
