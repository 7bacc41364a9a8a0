// What the desk draws over the map: the ways of the candidates as lines. An estimate is a dashed straight line, for it is no route.

import type { FeatureCollection } from 'geojson';
import type { Overlay } from '../map/live';
import type { Theme } from '../ui/theme';
import type { Candidate } from './ranking';
import type { Place } from './state';

/** The source of the lines. */
export const WAYS = 'desk-ways';

const COLORS = {
  dark: { casing: '#06101f', way: '#8fa6c4', chosen: '#ffd24a' },
  light: { casing: '#ffffff', way: '#5a6f8c', chosen: '#b3261e' },
} as const;

/** The layers of the lines in a theme. */
export function waysOverlay(theme: Theme): Overlay {
  const color = COLORS[theme];
  const chosen = ['boolean', ['get', 'chosen'], false];
  const paint = {
    'line-color': ['case', chosen, color.chosen, color.way],
    'line-width': ['case', chosen, 5, 3],
  };
  const line = (id: string, estimate: boolean, extra: Record<string, unknown>) => ({
    id, type: 'line', source: WAYS, filter: ['==', ['get', 'estimate'], estimate], layout: { 'line-cap': 'round', 'line-join': 'round', 'line-sort-key': ['case', chosen, 1, 0] }, paint: { ...paint, ...extra },
  });
  return {
    sources: { [WAYS]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } },
    layers: [
      line('desk-ways-casing', false, { 'line-color': color.casing, 'line-width': ['case', chosen, 9, 6], 'line-opacity': 0.8 }),
      line('desk-ways', false, {}),
      line('desk-ways-estimate', true, { 'line-dasharray': [1.5, 2] }),
    ] as Overlay['layers'][number][],
  };
}

/** The ways of candidates to where they are needed; the one that is chosen comes last, above the others. */
export function waysOf(candidates: readonly Candidate[], chosen: number | undefined, at: Place): FeatureCollection {
  const ordered = [...candidates].sort((a, b) => Number(a.id === chosen) - Number(b.id === chosen));
  return {
    type: 'FeatureCollection',
    features: ordered.map((c) => {
      const estimate = c.method !== 'network' || c.route.length < 2;
      const line = estimate ? [c.position.at, at] : c.route;
      return {
        type: 'Feature', geometry: { type: 'LineString', coordinates: line.map(([lon, lat]) => [lon, lat]) }, properties: { rank: c.rank, chosen: c.id === chosen, estimate },
      };
    }),
  };
}

/** The box around what is to be seen at once: the place, and the first of the candidates with their ways. */
export function boundsOf(candidates: readonly Candidate[], at: Place): [Place, Place] {
  const all = [at, ...candidates.slice(0, 3).flatMap((c) => [c.position.at, ...c.route])];
  const [lons, lats] = [all.map((p) => p[0]), all.map((p) => p[1])];
  return [[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]];
}
