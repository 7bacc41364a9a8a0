// Reading the service's map style: which layers it draws, what their legends say, and how to show only some of them.

import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';

/** One line of a legend: a shape and a colour as the signs know them. */
export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  readonly shape: string;
}

/** A layer of the catalogue as the style draws it, in the order of drawing. */
export interface DrawnLayer {
  readonly name: string;
  readonly title: string;
  readonly legend: readonly LegendEntry[];
  /** Whether the style shows it when nobody has said otherwise. */
  readonly shown: boolean;
}

/** The name under which the style draws the heat. */
export const HEAT = 'heat';

const meta = (layer: LayerSpecification, key: string): unknown => {
  const all: unknown = layer.metadata;
  return typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[key] : undefined;
};

const word = (v: unknown): string => (typeof v === 'string' ? v : '');

/** The catalogue layer that a style layer draws, "" for the ground. */
export const drawnName = (layer: LayerSpecification): string => word(meta(layer, 'shapan:layer'));

const visible = (layer: LayerSpecification): boolean => layer.layout?.visibility !== 'none';

/** Lists the catalogue layers of a style with their legends. A style layer without metadata is ground and not listed. */
export function drawnLayers(style: StyleSpecification): DrawnLayer[] {
  const out = new Map<string, DrawnLayer>();
  for (const layer of style.layers) {
    const name = drawnName(layer);
    if (name === '') continue;
    const before = out.get(name);
    out.set(name, {
      name,
      title: before?.title || word(meta(layer, 'shapan:title')) || name,
      legend: [...(before?.legend ?? []), ...legend(meta(layer, 'shapan:legend'))],
      shown: (before?.shown ?? false) || visible(layer),
    });
  }
  return [...out.values()];
}

function legend(v: unknown): LegendEntry[] {
  if (!Array.isArray(v)) return [];
  return v.map((entry: unknown) => {
    const e = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : {};
    return { label: word(e['label']), color: word(e['color']) || '#ffffff', shape: word(e['shape']) || 'square' };
  });
}

/** Returns the style with only some catalogue layers visible; the ground stays. The style that came is left alone. */
export function showOnly(style: StyleSpecification, shown: (name: string) => boolean): StyleSpecification {
  const layers = style.layers.map((layer) => {
    const name = drawnName(layer);
    if (name === '') return layer;
    return { ...layer, layout: { ...layer.layout, visibility: shown(name) ? 'visible' : 'none' } } as LayerSpecification;
  });
  return { ...style, layers };
}

/** Returns the style with every tile address absolute, as workers need it. */
export function anchorTiles(style: StyleSpecification, origin: string): StyleSpecification {
  const sources = Object.fromEntries(
    Object.entries(style.sources).map(([name, source]) => {
      if ((source.type !== 'vector' && source.type !== 'raster') || !source.tiles) return [name, source];
      return [name, { ...source, tiles: source.tiles.map((url) => (url.startsWith('/') ? origin + url : url)) }];
    }),
  );
  return { ...style, sources };
}

/** A source of tiles as changes see it: which catalogue layers go into it, over which zooms. */
export interface TileOrigin {
  readonly name: string;
  readonly layers: readonly string[];
  readonly min: number;
  readonly max: number;
  /** Whether a feature counts beyond its own place, as heat does. */
  readonly spreads: boolean;
}

/** Lists the sources of a style whose tiles come from this service: /xyz/{layers}/... and /heat/{layer}/... */
export function tileOrigins(style: StyleSpecification): TileOrigin[] {
  return Object.entries(style.sources).flatMap(([name, source]) => {
    if (source.type !== 'vector' && source.type !== 'raster') return [];
    const match = /\/(xyz|heat)\/([^/]+)\/\{z\}\//.exec(source.tiles?.[0] ?? '');
    if (!match) return [];
    const layers = decodeURIComponent(match[2] ?? '').split(',');
    return [{ name, layers, min: source.minzoom ?? 0, max: source.maxzoom ?? 22, spreads: match[1] === 'heat' }];
  });
}

/** The sources and source-layers that draw a catalogue layer, each once. */
export function drawnFrom(style: StyleSpecification, name: string): { source: string; sourceLayer: string }[] {
  const found = new Map<string, { source: string; sourceLayer: string }>();
  for (const layer of style.layers) {
    if (drawnName(layer) !== name || !('source' in layer)) continue;
    const sourceLayer = layer['source-layer'];
    if (sourceLayer !== undefined && sourceLayer === name) found.set(layer.source, { source: layer.source, sourceLayer });
  }
  return [...found.values()];
}
