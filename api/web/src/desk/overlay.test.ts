import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { expect, it } from 'vitest';
import { boundsOf, waysOf, waysOverlay } from './overlay';
import { aRanking } from './sample.testing';

const candidates = aRanking().lists[0]?.candidates ?? [];

it('draws ways along streets, and an estimate as a straight line that says so', () => {
  const ways = waysOf(candidates, 58, [114.308, 30.5674]).features;
  expect(ways.map((w) => w.properties)).toEqual([
    { rank: 2, chosen: false, estimate: false }, { rank: 3, chosen: false, estimate: true }, { rank: 1, chosen: true, estimate: false },
  ]);
  expect(ways[1]?.geometry).toEqual({ type: 'LineString', coordinates: [[114.311, 30.568], [114.308, 30.5674]] });
});

it('is a style that the map takes, in both themes', () => {
  for (const theme of ['dark', 'light'] as const) {
    const { sources, layers } = waysOverlay(theme);
    expect(validateStyleMin({ version: 8, sources, layers: [...layers] })).toEqual([]);
  }
});

it('shows the place and the first three', () => {
  expect(boundsOf(candidates, [114.308, 30.5674])).toEqual([[114.308, 30.5674], [114.311, 30.568]]);
});
