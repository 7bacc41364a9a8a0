import { describe, expect, it } from 'vitest';
import { tallyOf, type Format } from './tally';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Counts a text cut into pieces of `size` bytes. */
function count(format: Format, text: string, size: number): { count: number; whole: boolean } {
  const tally = tallyOf(format);
  const all = bytes(text);
  for (let at = 0; at < all.length; at += size) tally.add(all.subarray(at, at + size));
  return { count: tally.count, whole: tally.whole };
}

const collection = (n: number): string =>
  JSON.stringify({ type: 'FeatureCollection', features: Array.from({ length: n }, (_, i) => ({ type: 'Feature', id: i, geometry: { type: 'Point', coordinates: [1, 2] }, properties: { title: '"type":"Feature" \\' } })) });
const csv = '\uFEFF编码,标题\r\nA1,"两行\r\n一格,有""引号"""\r\nA2,二\r\n';

describe('a tally', () => {
  it('counts the same however the bytes are cut', () => {
    for (let size = 1; size < 40; size++) {
      expect(count('geojson', collection(7), size)).toEqual({ count: 7, whole: true });
      expect(count('csv', csv, size)).toEqual({ count: 2, whole: true });
    }
  });

  it('counts nothing in what is empty', () => {
    expect(count('geojson', collection(0), 9)).toEqual({ count: 0, whole: true });
    expect(count('csv', '\uFEFF编码,标题\r\n', 9)).toEqual({ count: 0, whole: true });
    expect([count('geojson', '', 9).whole, count('csv', '', 9).whole]).toEqual([false, false]);
  });

  it('knows a file that lacks its end', () => {
    expect(count('geojson', collection(7).slice(0, -1), 50).whole).toBe(false);
    expect(count('csv', csv.slice(0, -4), 50)).toEqual({ count: 1, whole: false });
    expect(count('csv', csv.slice(0, 20), 50).whole).toBe(false);
  });
});
