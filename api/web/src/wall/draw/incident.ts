// An event on the map: how far one walks from it, and the ways of those who could come.

import { effect } from '@preact/signals';
import type { Feature, FeatureCollection, Position } from 'geojson';
import type { Overlay } from '../../map/live';
import type { Ranking } from '../incident';
import type { WallMap } from '../map';
import type { Wall } from '../wall';

const SOURCE = 'incident';

/** Draws the incident for as long as it is not disposed of. */
export function drawIncident(wall: Wall, map: WallMap): () => void {
  return effect(() => {
    const { event, rankings, walks } = wall.incident;
    const item = event.value.value;
    if (wall.address.state.value.incident === undefined || !item?.point) {
      map.live.overlay(SOURCE, undefined);
      return;
    }
    const data = collect(item.point, rankings.value.value ?? [], walks.value.value);
    map.live.data(SOURCE, data);
    map.live.overlay(SOURCE, overlay(data));
  });
}

function collect(at: readonly [number, number], rankings: readonly Ranking[], walks: FeatureCollection | undefined): FeatureCollection {
  const rings = (walks?.features ?? []).map((f): Feature => ({ type: 'Feature', geometry: f.geometry, properties: { kind: 'walk', minutes: Number(f.properties?.['minutes']) } }));
  const candidates = rankings.flatMap((ranking) => ranking.candidates);
  const ways = candidates.flatMap((c): Feature[] => {
    const line: Position[] = c.route.map(([lon, lat]) => [lon, lat]);
    const [start] = line;
    if (!start || line.length < 2) return [];
    return [
      { type: 'Feature', geometry: { type: 'LineString', coordinates: line }, properties: { kind: 'way', rank: c.rank } },
      { type: 'Feature', id: c.id, geometry: { type: 'Point', coordinates: start }, properties: { kind: 'candidate', rank: c.rank, text: `${c.rank} · ${c.post.replace(/^\D+ /, '')}` } },
    ];
  });
  const place: Feature = { type: 'Feature', geometry: { type: 'Point', coordinates: [at[0], at[1]] }, properties: { kind: 'event' } };
  return { type: 'FeatureCollection', features: [...rings, ...ways, place] };
}

function overlay(data: FeatureCollection): Overlay {
  const only = (kind: string): ['==', ['get', string], string] => ['==', ['get', 'kind'], kind];
  return {
    below: 'events-cluster',
    sources: { [SOURCE]: { type: 'geojson', data } },
    layers: [
      { id: 'incident-walks', type: 'fill', source: SOURCE, filter: only('walk'), paint: { 'fill-color': ['match', ['get', 'minutes'], 5, '#5cc863', 10, '#21908d', '#2c718e'], 'fill-opacity': 0.26 } },
      { id: 'incident-rims', type: 'line', source: SOURCE, filter: only('walk'), paint: { 'line-color': ['match', ['get', 'minutes'], 5, '#a8f0a0', 10, '#5fd6d0', '#6fb6dc'], 'line-width': 2.5 } },
      { id: 'incident-ways-rim', type: 'line', source: SOURCE, filter: only('way'), layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': '#04101e', 'line-width': 11 } },
      { id: 'incident-ways', type: 'line', source: SOURCE, filter: only('way'), layout: { 'line-cap': 'round', 'line-join': 'round', 'line-sort-key': ['-', 0, ['get', 'rank']] }, paint: { 'line-color': ['match', ['get', 'rank'], 1, '#ffffff', '#ffd166'], 'line-width': ['match', ['get', 'rank'], 1, 7, 4] } },
      { id: 'incident-event-glow', type: 'circle', source: SOURCE, filter: only('event'), paint: { 'circle-radius': 34, 'circle-color': '#ff7d96', 'circle-opacity': 0.25, 'circle-stroke-color': '#ff7d96', 'circle-stroke-width': 4 } },
      {
        id: 'incident-candidates',
        type: 'symbol',
        source: SOURCE,
        filter: only('candidate'),
        layout: {
          'icon-image': 'shapan:person:#7df0a8',
          'icon-size': 1.05,
          'icon-allow-overlap': true,
          'text-field': ['get', 'text'],
          'text-font': ['Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', 'WenQuanYi Micro Hei', 'sans-serif'],
          'text-size': 21,
          'text-variable-anchor': ['top', 'bottom', 'left', 'right'],
          'text-radial-offset': 1,
          'text-allow-overlap': true,
          'symbol-sort-key': ['get', 'rank'],
        },
        paint: { 'text-color': '#ffffff', 'text-halo-color': '#04101e', 'text-halo-width': 2.4 },
      },
    ],
  };
}
