// Areas on a plain canvas: for the time before the map, and where there is none. Positions are [lon, lat]; a sheet is in CSS pixels.

import type { Feature, Position } from 'geojson';
import type { Camera } from './camera';

/** How positions become places on a sheet of paper: Web Mercator, north up. */
export interface Sheet {
  readonly width: number;
  readonly height: number;
  /** Pixels of the sheet that the world is wide. */
  readonly scale: number;
  /** The corner of the sheet at top left, as parts of the world. */
  readonly x: number;
  readonly y: number;
}

/** Space at the sides that something else covers. */
export interface Margins {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** Pixels that the world is wide at zoom 0. */
export const TILE = 512;

/** A position as parts of the world, from its north-western corner. */
export function world([lon = 0, lat = 0]: readonly number[]): [number, number] {
  const s = Math.sin((lat * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}

/** The sheet that shows all of an outline in some part of what the margins leave; undefined for none. */
export function fitSheet(outline: readonly (readonly number[])[], width: number, height: number, margins: Margins, part = 0.94): Sheet | undefined {
  if (outline.length === 0 || width <= 0 || height <= 0) return undefined;
  const places = outline.map(world);
  const [xs, ys] = [places.map((p) => p[0]), places.map((p) => p[1])];
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const free = { width: Math.max(60, width - margins.left - margins.right), height: Math.max(60, height - margins.top - margins.bottom) };
  const least = 1 / 2 ** 19; // a point is shown with its surroundings
  const scale = part * Math.min(free.width / Math.max(least, x1 - x0), free.height / Math.max(least, y1 - y0));
  return { width, height, scale, x: (x0 + x1) / 2 - (margins.left + free.width / 2) / scale, y: (y0 + y1) / 2 - (margins.top + free.height / 2) / scale };
}

/** The sheet that a camera sees, looking straight down and north up. */
export function sheetUnder({ zoom, lon, lat }: Pick<Camera, 'zoom' | 'lon' | 'lat'>, width: number, height: number): Sheet {
  const scale = TILE * 2 ** zoom;
  const [x, y] = world([lon, lat]);
  return { width, height, scale, x: x - width / 2 / scale, y: y - height / 2 / scale };
}

/** Where a position is on a sheet. */
export function place(sheet: Sheet, position: readonly number[]): [number, number] {
  const [x, y] = world(position);
  return [(x - sheet.x) * sheet.scale, (y - sheet.y) * sheet.scale];
}

/** The rings of an area. */
export function rings(feature: Feature): readonly Position[][] {
  const { geometry } = feature;
  if (geometry.type === 'Polygon') return geometry.coordinates;
  return geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : [];
}

/** Traces the limits of areas as the path of a canvas. */
export function trace(context: CanvasRenderingContext2D, sheet: Sheet, features: readonly Feature[]): void {
  context.beginPath();
  for (const feature of features) {
    for (const ring of rings(feature)) {
      for (const [i, position] of ring.entries()) {
        const [x, y] = place(sheet, position);
        if (i === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      context.closePath();
    }
  }
}

/** How the name of an area is written: size in pixels and colours. */
export interface Lettering {
  readonly size: number;
  readonly color: string;
  readonly halo: string;
}

/** Writes a name into the middle of an area. */
export function letter(context: CanvasRenderingContext2D, sheet: Sheet, area: Feature, name: string, { size, color, halo }: Lettering): void {
  const points = (rings(area)[0] ?? []).map((p) => place(sheet, p));
  if (points.length === 0) return;
  const mid = (at: 0 | 1): number => (Math.min(...points.map((p) => p[at])) + Math.max(...points.map((p) => p[at]))) / 2;
  context.font = `600 ${size}px 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = size / 4;
  context.strokeStyle = halo;
  context.strokeText(name, mid(0), mid(1));
  context.fillStyle = color;
  context.fillText(name, mid(0), mid(1));
}
