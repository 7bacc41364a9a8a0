import { expect, it } from 'vitest';
import { fitSheet, place } from '../map/sheet';
import { heatTiles } from './picture';

const outline = [[114.296, 30.553], [114.323, 30.553], [114.323, 30.583], [114.296, 30.583]];

it('is covered by tiles of heat, each where its corner is', () => {
  const sheet = fitSheet(outline, 1920, 1080, { top: 100, right: 400, bottom: 50, left: 300 });
  if (!sheet) throw new Error('no sheet');
  const tiles = heatTiles(sheet);
  expect(tiles.length).toBeGreaterThan(5);
  expect(Math.min(...tiles.map((t) => t.x))).toBeLessThanOrEqual(0);
  expect(Math.max(...tiles.map((t) => t.x + t.side))).toBeGreaterThanOrEqual(1920);
  expect(Math.min(...tiles.map((t) => t.y))).toBeLessThanOrEqual(0);
  expect(Math.max(...tiles.map((t) => t.y + t.side))).toBeGreaterThanOrEqual(1080);
  const [z, x, y] = (/(\d+)\/(\d+)\/(\d+)\.png/.exec(tiles[0]?.path ?? '') ?? []).slice(1).map(Number) as [number, number, number];
  const corner = place(sheet, [(x / 2 ** z) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180) / Math.PI]);
  expect(corner[0]).toBeCloseTo(tiles[0]?.x ?? 0, 3);
  expect(corner[1]).toBeCloseTo(tiles[0]?.y ?? 0, 3);
});
