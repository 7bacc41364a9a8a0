// The parts of the scope painted: by rate, or as towers of what is reported; hexagons; and the hatching of small numbers.

import { effect, signal } from '@preact/signals';
import type { Feature, FeatureCollection } from 'geojson';
import type { FillExtrusionLayerSpecification, LayerSpecification } from 'maplibre-gl';
import { Asked } from '../asked';
import type { WallMap } from '../map';
import { partsOf, type Part } from '../parts';
import type { Wall } from '../wall';
import { classesOf, colorOf, type Classes } from './classes';

const SOURCE = 'parts';
const HEXAGONS = 'hexagons';
/** Towers: so many metres for each event. */
const METRES_EACH = 8;
/** Painted areas lie under the limits of communities and everything above them. */
const BELOW = 'communities-glow';

/** The classes of the rates that are painted, for the legend; undefined while none are. */
export const paintedRates = signal<Classes | undefined>(undefined);

/** Paints what the address says for as long as it is not disposed of. */
export function paintAreas(wall: Wall, map: WallMap): () => void {
  const mode = (): string | undefined => (wall.drives.playback.on.value ? undefined : wall.address.state.value.mode); // it speaks of the last days, not of the past that is played
  const ends = [
    effect(() => {
      const painted = mode();
      if (painted !== 'rate' && painted !== 'towers') {
        map.live.overlay(SOURCE, undefined);
        paintedRates.value = undefined;
        return;
      }
      const parts = partsOf(wall);
      const sound = parts.filter((p) => !p.small);
      const classes = classesOf((sound.length > 0 ? sound : parts).map((p) => p.rate ?? 0));
      paintedRates.value = painted === 'rate' ? classes : undefined;
      const data = collect(parts, wall.facts.shapes.value, classes);
      map.live.data(SOURCE, data);
      map.live.overlay(SOURCE, { below: BELOW, sources: { [SOURCE]: { type: 'geojson', data } }, layers: painted === 'rate' ? rates() : towers() });
    }),
    paintHexagons(wall, map),
    () => (paintedRates.value = undefined),
  ];
  return () => ends.forEach((end) => end());
}

function collect(parts: readonly Part[], shapes: ReadonlyMap<string, Feature>, classes: Classes): FeatureCollection {
  const features = parts.flatMap((part): Feature[] => {
    const shape = shapes.get(part.code);
    return shape ? [{ type: 'Feature', geometry: shape.geometry, properties: { color: colorOf(classes, part.rate), small: part.small, height: part.reported * METRES_EACH, text: `${part.rate?.toFixed(1) ?? '—'}` } }] : [];
  });
  return { type: 'FeatureCollection', features };
}

function rates(): LayerSpecification[] {
  return [
    { id: 'parts-fill', type: 'fill', source: SOURCE, paint: { 'fill-color': ['get', 'color'], 'fill-opacity': ['case', ['get', 'small'], 0.28, 0.72] } },
    { id: 'parts-small', type: 'line', source: SOURCE, filter: ['get', 'small'], paint: { 'line-color': '#ffffff', 'line-width': 2, 'line-dasharray': [1, 2], 'line-opacity': 0.7 } },
  ];
}

function towers(): LayerSpecification[] {
  const paint: FillExtrusionLayerSpecification['paint'] = {
    'fill-extrusion-color': ['get', 'color'],
    'fill-extrusion-height': ['get', 'height'],
    'fill-extrusion-opacity': 0.72,
    'fill-extrusion-vertical-gradient': true,
  };
  return [{ id: 'parts-towers', type: 'fill-extrusion', source: SOURCE, paint }];
}

/** Hexagons of 250 m over the days of the indicators, in the colours of the service's own legend. */
function paintHexagons(wall: Wall, map: WallMap): () => void {
  const question = signal<string | undefined>(undefined);
  const cells = new Asked<FeatureCollection>(question, wall.connection.epoch, async (path) => (await wall.connection.client.json(path)) as FeatureCollection); // checked by the map itself
  const ends = [
    () => cells.close(),
    effect(() => {
      const { mode, scope } = wall.address.state.value;
      const kpis = wall.facts.parts.value.value;
      const days = kpis && `${new Date(kpis.from).toISOString()}/${new Date(kpis.to).toISOString()}`;
      question.value = mode === 'hexagons' && !wall.drives.playback.on.value && days && wall.connection.sees('events') ? `/heat/events/cells.geojson?shape=hexagon&size=250&datetime=${days}${scope ? `&scope=${scope}` : ''}` : undefined;
    }),
    effect(() => {
      const found = cells.value.value;
      if (!found) {
        map.live.overlay(HEXAGONS, undefined);
        return;
      }
      const most = Math.max(1, ...found.features.map((f) => Number(f.properties?.['count']) || 0));
      const classes = classesOf([most / 8, most / 4, most / 2, most]);
      const data: FeatureCollection = {
        type: 'FeatureCollection',
        features: found.features.map((f) => {
          const n = Number(f.properties?.['count']) || 0;
          return { type: 'Feature', geometry: f.geometry, properties: { color: colorOf(classes, n), height: n * METRES_EACH } };
        }),
      };
      map.live.data(HEXAGONS, data);
      map.live.overlay(HEXAGONS, {
        below: BELOW,
        sources: { [HEXAGONS]: { type: 'geojson', data } },
        layers: [{ id: 'hexagons', type: 'fill-extrusion', source: HEXAGONS, paint: { 'fill-extrusion-color': ['get', 'color'], 'fill-extrusion-height': ['get', 'height'], 'fill-extrusion-opacity': 0.7 } }],
      });
    }),
  ];
  return () => ends.forEach((end) => end());
}

