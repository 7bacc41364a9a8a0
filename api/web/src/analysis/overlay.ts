// What the page draws over the service's map: the layer under the filter, as points, heat, hexagons or areas. Pure.

import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from 'maplibre-gl';
import type { Overlay } from '../map/live';
import type { Theme } from '../ui/theme';
import { AREA_LAYERS } from './areas';
import { colorOf, type Class, type Shade } from './shade';
import type { AreaField, Layer } from './schema';

/** The source of the layer's own tiles. */
export const SOURCE = 'analysis';
/** The source of the limits of areas. */
export const AREAS = 'analysis-areas';
/** The sources of what is given as GeoJSON. */
export const CELLS = 'analysis-cells';
export const MARKS = 'analysis-marks';

/** The first of the labels of the ground, which stay above what is drawn. */
const LABELS = 'streets-label';
const FONT = ['Shapan Bold', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', 'WenQuanYi Micro Hei', 'sans-serif'];

/** The colours of what is drawn. */
export const INK = {
  dark: { point: '#5cc8ff', edge: '#04101e', cluster: '#0b2a45', text: '#f2fbff', mark: '#ffd24a', drawn: '#ffd24a' },
  light: { point: '#0a5fb4', edge: '#ffffff', cluster: '#dcebf9', text: '#12202f', mark: '#b3261e', drawn: '#b3261e' },
} as const satisfies Record<Theme, Record<string, string>>;

/** The colours of codes, to be told apart by the colour-blind too (after Okabe and Ito). */
export const CODE_COLORS = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#d55e00', '#0072b2', '#999999'] as const;

/** A step of a legend of the service: a value and its colour. */
export interface Stop {
  readonly value: number;
  readonly color: string;
  readonly opacity: number;
}

/** The colours of features by the codes of a field; undefined where there is none. */
export function codeColors(field: string, codes: readonly string[]): ExpressionSpecification | undefined {
  const pairs = codes.slice(0, CODE_COLORS.length).flatMap((code, i) => [code, CODE_COLORS[i] ?? '#999999']);
  return pairs.length === 0 ? undefined : (['match', ['to-string', ['get', field]], ...pairs, '#999999'] as unknown as ExpressionSpecification);
}

const vector = (url: string, maxzoom: number): SourceSpecification => ({ type: 'vector', tiles: [url], minzoom: 0, maxzoom });

/** The layer itself: points with clusters, lines, or shapes. `query` is the filter as a query. */
export function pointsOverlay(layer: Layer, query: string, theme: Theme, origin: string, color?: ExpressionSpecification): Overlay {
  const ink = INK[theme];
  const tiles = `${origin}/xyz/${encodeURIComponent(layer.id)}/{z}/{x}/{y}.mvt${query === '' ? '' : `?${query}`}`;
  const base = { source: SOURCE, 'source-layer': layer.id } as const;
  const paint = color ?? ink.point;
  const layers: LayerSpecification[] =
    layer.geometry === 'point'
      ? [
          {
            id: 'analysis-cluster',
            type: 'circle',
            ...base,
            filter: ['has', 'point_count'],
            paint: { 'circle-color': ink.cluster, 'circle-opacity': 0.8, 'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'point_count']], 1, 7, 10, 14, 60, 34], 'circle-stroke-color': ink.point, 'circle-stroke-width': 1.2 },
          },
          {
            id: 'analysis-cluster-count',
            type: 'symbol',
            ...base,
            filter: ['has', 'point_count'],
            layout: { 'text-field': ['to-string', ['get', 'point_count']], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['sqrt', ['get', 'point_count']], 1, 10, 10, 12, 60, 18], 'text-allow-overlap': true, 'text-ignore-placement': true },
            paint: { 'text-color': ink.text },
          },
          {
            id: 'analysis-point',
            type: 'circle',
            ...base,
            filter: ['!', ['has', 'point_count']],
            paint: { 'circle-color': paint, 'circle-radius': ['interpolate', ['linear'], ['zoom'], 12, 3, 15, 5, 18, 8], 'circle-stroke-color': ink.edge, 'circle-stroke-width': 1 },
          },
        ]
      : [
          ...(layer.geometry === 'polygon' ? [{ id: 'analysis-fill', type: 'fill' as const, ...base, paint: { 'fill-color': paint, 'fill-opacity': 0.35 } }] : []),
          { id: 'analysis-line', type: 'line', ...base, paint: { 'line-color': paint, 'line-width': layer.geometry === 'line' ? 2.4 : 1.2 } },
        ];
  return { sources: { [SOURCE]: vector(tiles, layer.maxzoom) }, layers, below: LABELS };
}

/** Heat as the service draws it. */
export function heatOverlay(layer: Layer, query: string, origin: string): Overlay {
  const url = `${origin}/heat/${encodeURIComponent(layer.id)}/{z}/{x}/{y}.png?scale=2${query === '' ? '' : `&${query}`}`;
  return {
    sources: { [SOURCE]: { type: 'raster', tiles: [url], minzoom: 8, maxzoom: 16, tileSize: 512 } },
    layers: [{ id: 'analysis-heat', type: 'raster', source: SOURCE, paint: { 'raster-opacity': 0.85, 'raster-resampling': 'linear', 'raster-fade-duration': 0 } }],
    below: LABELS,
  };
}

/** Hexagons in the colours of the service's legend. */
export function cellsOverlay(stops: readonly Stop[]): Overlay {
  const steps = stops.flatMap((s) => [s.value, s.color]);
  const color = stops.length < 2 ? (stops[0]?.color ?? 'transparent') : (['interpolate', ['linear'], ['get', 'value'], ...steps] as unknown as ExpressionSpecification);
  return {
    sources: { [CELLS]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } },
    layers: [
      { id: 'analysis-cells', type: 'fill', source: CELLS, paint: { 'fill-color': color, 'fill-opacity': ['case', ['==', ['get', 'value'], 0], 0.05, 0.75] } },
      { id: 'analysis-cells-line', type: 'line', source: CELLS, paint: { 'line-color': '#8899aa', 'line-opacity': 0.4, 'line-width': 0.6 } },
    ],
    below: LABELS,
  };
}

const areaSource = (origin: string): Readonly<Record<string, SourceSpecification>> => ({ [AREAS]: vector(`${origin}/xyz/communities,zones,grids/{z}/{x}/{y}.mvt`, 18) });

/** Areas in the colours of their values; small numbers pale with a dashed edge. */
export function areasOverlay(kind: AreaField, shades: readonly Shade[], classes: readonly Class[], theme: Theme, origin: string): Overlay {
  const colors = shades.flatMap((s) => [s.code, colorOf(s.value, classes) ?? 'rgba(0,0,0,0)']);
  const small = shades.filter((s) => s.small).map((s) => s.code);
  const base = { source: AREAS, 'source-layer': AREA_LAYERS[kind] } as const;
  const color = colors.length === 0 ? 'rgba(0,0,0,0)' : (['match', ['get', 'code'], ...colors, 'rgba(0,0,0,0)'] as unknown as ExpressionSpecification);
  const isSmall: ExpressionSpecification = ['in', ['get', 'code'], ['literal', small]];
  return {
    sources: areaSource(origin),
    layers: [
      { id: 'analysis-area', type: 'fill', ...base, paint: { 'fill-color': color, 'fill-opacity': ['case', isSmall, 0.45, 0.85] } },
      { id: 'analysis-area-line', type: 'line', ...base, filter: ['!', isSmall], paint: { 'line-color': INK[theme].edge, 'line-width': 1 } },
      { id: 'analysis-area-small', type: 'line', ...base, filter: isSmall, paint: { 'line-color': INK[theme].text, 'line-width': 1, 'line-opacity': 0.6, 'line-dasharray': [2, 2] } },
    ],
    below: LABELS,
  };
}

/** Areas that can be clicked, seen only by their edges. */
export function pickOverlay(kind: AreaField, theme: Theme, origin: string): Overlay {
  const base = { source: AREAS, 'source-layer': AREA_LAYERS[kind] } as const;
  return {
    sources: areaSource(origin),
    layers: [
      { id: 'analysis-pick', type: 'fill', ...base, paint: { 'fill-color': INK[theme].mark, 'fill-opacity': 0.08 } },
      { id: 'analysis-pick-line', type: 'line', ...base, paint: { 'line-color': INK[theme].mark, 'line-width': 1.4, 'line-dasharray': [3, 2] } },
    ],
  };
}

/** The marks of the page itself: the area of the filter, what is being drawn, and the record that is looked at. */
export function marksOverlay(theme: Theme): Overlay {
  const ink = INK[theme];
  const of = (...kinds: string[]): ExpressionSpecification => ['in', ['get', 'mark'], ['literal', kinds]];
  return {
    sources: { [MARKS]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } },
    layers: [
      { id: 'analysis-within', type: 'line', source: MARKS, filter: of('within', 'drawing'), paint: { 'line-color': ink.drawn, 'line-width': 2.4 } },
      { id: 'analysis-within-fill', type: 'fill', source: MARKS, filter: ['all', of('within', 'drawing'), ['==', ['geometry-type'], 'Polygon']], paint: { 'fill-color': ink.drawn, 'fill-opacity': 0.08 } },
      { id: 'analysis-corner', type: 'circle', source: MARKS, filter: of('corner'), paint: { 'circle-radius': 5, 'circle-color': ink.edge, 'circle-stroke-color': ink.drawn, 'circle-stroke-width': 2.4 } },
      { id: 'analysis-here-line', type: 'line', source: MARKS, filter: of('here'), paint: { 'line-color': ink.mark, 'line-width': 4 } },
      { id: 'analysis-here', type: 'circle', source: MARKS, filter: ['all', of('here'), ['==', ['geometry-type'], 'Point']], paint: { 'circle-radius': 13, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': ink.mark, 'circle-stroke-width': 3.4 } },
    ],
  };
}
