// A map for browsers without WebGL: limits, heat and open events on a plain canvas. What it has in common with a sketch is in map/sheet.ts.

import type { Feature } from 'geojson';
import { drawSign, parseSign, SIGN_SIZE } from '../map/shapes';
import { letter, place, TILE, trace, type Sheet } from '../map/sheet';

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

/** Draws a picture. `unit` is the size of small text in pixels. */
export function drawPicture(context: CanvasRenderingContext2D, sheet: Sheet, content: PictureContent, unit: number): void {
  context.fillStyle = '#081426';
  context.fillRect(0, 0, sheet.width, sheet.height);
  trace(context, sheet, content.communities);
  context.fillStyle = 'rgba(38, 92, 140, 0.28)';
  context.fill('evenodd');
  context.globalAlpha = 0.75;
  for (const { tile, image } of content.heat) context.drawImage(image, tile.x, tile.y, tile.side, tile.side);
  context.globalAlpha = 1;
  context.lineJoin = 'round';
  trace(context, sheet, content.grids);
  stroke(context, 'rgba(140, 190, 230, 0.4)', unit / 16);
  trace(context, sheet, content.communities);
  stroke(context, '#7fe3ff', unit / 6);
  const signs = [...content.signs].sort((a, b) => a.rank - b.rank);
  for (const sign of signs) drawAt(context, sheet, sign, unit);
  for (const community of content.communities) {
    const name = String(community.properties?.['name'] ?? '').replace(/社区$/, '');
    letter(context, sheet, community, name, { size: unit * 1.35, color: '#f2fbff', halo: 'rgba(4, 16, 30, 0.9)' });
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
