// The past on the map: the service's own signs of events, fed with what was open then.

import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Overlay } from '../map/live';
import { drawnName, HEAT } from '../map/style';

/** The source of the events of the past. */
export const PLAYBACK = 'playback';

/** Layers that speak of now only, and are hidden while the past is shown. */
export const LIVE_ONLY: ReadonlySet<string> = new Set(['events', HEAT, 'responders']);

/** The overlay that draws past events as the style draws those of now. */
export function playbackOverlay(style: StyleSpecification): Overlay {
  const layers = style.layers.flatMap((layer): LayerSpecification[] => {
    if (drawnName(layer) !== 'events' || !('source-layer' in layer) || layer['source-layer'] !== 'events') return [];
    const { metadata: _metadata, 'source-layer': _sourceLayer, ...rest } = layer;
    return [{ ...rest, id: `${PLAYBACK}-${layer.id}`, source: PLAYBACK, layout: { ...rest.layout, visibility: 'visible' } } as LayerSpecification];
  });
  return {
    sources: { [PLAYBACK]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, cluster: true, clusterMaxZoom: 13, clusterRadius: 40 } },
    layers,
  };
}
