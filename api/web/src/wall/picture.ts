// A map for browsers without WebGL: limits, heat and open events on a plain canvas. Positions are [lon, lat]; the sheet is in CSS pixels.

import type { Feature, Position } from 'geojson';
import { drawSign, parseSign, SIGN_SIZE } from '../map/shapes';

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

/** A tile of heat and where it goes. */
export interface PictureTile {
  readonly path: string;
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** An event as a sign. */
export interface PictureSign {
  readonly point: readonly [number, number];
  readonly shape: string;
  readonly color: string;
  /** Those of a higher rank are drawn over the others. */
  readonly rank: number;
}

/** What is drawn, from below. */
export interface PictureContent {
  readonly heat: readonly { readonly tile: PictureTile; readonly image: CanvasImageSource }[];
  readonly grids: readonly Feature[];
  readonly communities: readonly Feature[];
  readonly signs: readonly PictureSign[];
}

const HEAT_ZOOMS = { min: 8, max: 16 } as const;
const TILE = 512;

/** A position as parts of the world, from its north-western corner. */
export function world([lon = 0, lat = 0]: readonly number[]): [number, number] {
  const s = Math.sin((lat * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}

/** The sheet that shows all of an outline between the margins; undefined for none. */
export function fitSheet(outline: readonly (readonly number[])[], width: number, height: number, margins: Margins): Sheet | undefined {
  if (outline.length === 0 || width <= 0 || height <= 0) return undefined;
  const places = outline.map(world);
  const [xs, ys] = [places.map((p) => p[0]), places.map((p) => p[1])];
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const free = { width: Math.max(60, width - margins.left - margins.right), height: Math.max(60, height - margins.top - margins.bottom) };
  const least = 1 / 2 ** 19; // a point is shown with its surroundings
  const scale = 0.94 * Math.min(free.width / Math.max(least, x1 - x0), free.height / Math.max(least, y1 - y0));
  return { width, height, scale, x: (x0 + x1) / 2 - (margins.left + free.width / 2) / scale, y: (y0 + y1) / 2 - (margins.top + free.height / 2) / scale };
}

/** Where a position is on a sheet. */
export function place(sheet: Sheet, position: readonly number[]): [number, number] {
  const [x, y] = world(position);
  return [(x - sheet.x) * sheet.scale, (y - sheet.y) * sheet.scale];
}

/** The tiles of heat that cover a sheet. */
export function heatTiles(sheet: Sheet): PictureTile[] {
  const z = Math.max(HEAT_ZOOMS.min, Math.min(HEAT_ZOOMS.max, Math.round(Math.log2(sheet.scale / TILE))));
  const n = 2 ** z;
  const side = sheet.scale / n;
  const out: PictureTile[] = [];
  const [fromX, toX] = [Math.floor(sheet.x * n), Math.floor((sheet.x + sheet.width / sheet.scale) * n)];
  const [fromY, toY] = [Math.floor(sheet.y * n), Math.floor((sheet.y + sheet.height / sheet.scale) * n)];
  for (let y = Math.max(0, fromY); y <= Math.min(n - 1, toY); y++) {
    for (let x = Math.max(0, fromX); x <= Math.min(n - 1, toX); x++) {
      out.push({ path: `/heat/events/${z}/${x}/${y}.png?scale=2`, x: (x / n - sheet.x) * sheet.scale, y: (y / n - sheet.y) * sheet.scale, side });
    }
  }
  return out.slice(0, 64);
}

/** The rings of an area. */
export function rings(feature: Feature): readonly Position[][] {
  const { geometry } = feature;
  if (geometry.type === 'Polygon') return geometry.coordinates;
  return geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : [];
}

/** Draws a picture. `unit` is the size of small text in pixels. */
export function drawPicture(context: CanvasRenderingContext2D, sheet: Sheet, content: PictureContent, unit: number): void {
  context.fillStyle = '#081426';
  context.fillRect(0, 0, sheet.width, sheet.height);
  area(context, sheet, content.communities);
  context.fillStyle = 'rgba(38, 92, 140, 0.28)';
  context.fill('evenodd');
  context.globalAlpha = 0.75;
  for (const { tile, image } of content.heat) context.drawImage(image, tile.x, tile.y, tile.side, tile.side);
  context.globalAlpha = 1;
  context.lineJoin = 'round';
  area(context, sheet, content.grids);
  stroke(context, 'rgba(140, 190, 230, 0.4)', unit / 16);
  area(context, sheet, content.communities);
  stroke(context, '#7fe3ff', unit / 6);
  const signs = [...content.signs].sort((a, b) => a.rank - b.rank);
  for (const sign of signs) drawAt(context, sheet, sign, unit);
  for (const community of content.communities) label(context, sheet, community, unit);
}

function area(context: CanvasRenderingContext2D, sheet: Sheet, features: readonly Feature[]): void {
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

function stroke(context: CanvasRenderingContext2D, color: string, width: number): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

function drawAt(context: CanvasRenderingContext2D, sheet: Sheet, sign: PictureSign, unit: number): void {
  const parsed = parseSign(`shapan:${sign.shape}:${sign.color}`);
  if (!parsed) return;
  const [x, y] = place(sheet, sign.point);
  const side = unit * (1.1 + sign.rank * 0.25) * (SIGN_SIZE / 28);
  context.save();
  context.translate(x - side / 2, y - side / 2);
  drawSign(context, parsed.shape, parsed.color, side);
  context.restore();
}

function label(context: CanvasRenderingContext2D, sheet: Sheet, community: Feature, unit: number): void {
  const name: unknown = community.properties?.['name'];
  const points = (rings(community)[0] ?? []).map((p) => place(sheet, p));
  if (typeof name !== 'string' || points.length === 0) return;
  const mid = (at: 0 | 1): number => (Math.min(...points.map((p) => p[at])) + Math.max(...points.map((p) => p[at]))) / 2;
  context.font = `600 ${unit * 1.35}px 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineWidth = unit / 3;
  context.strokeStyle = 'rgba(4, 16, 30, 0.9)';
  context.strokeText(name.replace(/社区$/, ''), mid(0), mid(1));
  context.fillStyle = '#f2fbff';
  context.fillText(name.replace(/社区$/, ''), mid(0), mid(1));
}
