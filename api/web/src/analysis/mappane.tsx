// The map of the layer under the filter. A click chooses a record, an area or a hexagon; areas can be drawn.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Feature, FeatureCollection, Geometry } from 'geojson';
import type { MapMouseEvent, MapOptions, StyleSpecification } from 'maplibre-gl';
import { formatCamera, type Camera } from '../map/camera';
import type { LiveMap } from '../map/live';
import type { Item } from '../service/data';
import type { Connection } from '../ui/connection';
import { MapView } from '../ui/map';
import { clicked, type Clicked } from './clicked';
import { Card } from './card';
import { contains, readPolygon, writePolygon, type Position } from './draw';
import { DrawTool } from './drawtool';
import { handle } from './handle';
import { Legend } from './legend';
import { MapTools, type Hand } from './maptools';
import { CELLS, MARKS, marksOverlay, pickOverlay, SOURCE } from './overlay';
import { useAreaOutline } from './outline';
import { useShading } from './shading';
import type { Answer } from './use';
import type { View } from './view';
import { say } from './words';

/** The layers of the style that are the ground of every analysis. */
const GROUND: readonly string[] = ['subdistricts', 'communities', 'grids', 'streets'];
const shown = (layer: string): boolean => GROUND.includes(layer);

/** What the map is given. */
export interface MapPaneProps {
  readonly view: View;
  readonly connection: Connection;
  readonly style: StyleSpecification;
  /** The record that is looked at. */
  readonly found: Answer<{ item: Item; geometry: unknown } | undefined>;
}

/** The map with its tools, legend and card. */
export function MapPane({ view, connection, style, found }: MapPaneProps) {
  const { state, theme, lang } = view;
  const [map, setMap] = useState<LiveMap | undefined>(undefined);
  const [hand, take] = useState<Hand>('look');
  const [corners, setCorners] = useState<readonly Position[]>([]);
  const [zoom, setZoom] = useState(state.view?.zoom ?? style.zoom ?? 14);
  const shading = useShading(view, zoom);
  const outline = useAreaOutline(view);
  const now = useRef({ view, hand, cells: shading.cells });
  now.current = { view, hand, cells: shading.cells };
  useEffect(() => map?.overlay('shading', shading.overlay), [map, JSON.stringify(shading.overlay)]);
  useEffect(() => {
    if (shading.cells) map?.data(CELLS, shading.cells);
  }, [map, shading.cells, JSON.stringify(shading.overlay)]);
  useEffect(() => map?.overlay('pick', hand === 'pick' ? pickOverlay(state.area ?? 'community', theme, location.origin) : undefined), [map, hand, state.area, theme]);
  useEffect(() => map?.overlay('marks', marksOverlay(theme)), [map, theme]);
  const within = state.filter.within === undefined ? undefined : readPolygon(state.filter.within);
  useEffect(() => {
    map?.data(MARKS, { type: 'FeatureCollection', features: [...marks(within, corners), ...outline, ...here(found.value?.geometry)] });
  }, [map, state.filter.within, corners, outline, found.value]);
  useEffect(() => {
    if (map && !map.gone && view.tick > 0 && map.gl.getSource(SOURCE)) map.gl.refreshTiles(SOURCE);
  }, [view.tick]);
  useEffect(() => show(map, found.value?.item), [map, found.value?.item.id]);
  const camera = state.view && formatCamera(state.view);
  useEffect(() => {
    if (map && !map.gone && state.view && formatCamera(map.camera) !== camera) map.gl.jumpTo(placed(state.view));
  }, [map, camera]);

  return (
    <section class="mappane" aria-label={say(lang, 'mapMode')}>
      <MapTools view={view} hand={hand} take={take} />
      <MapView
        lang={lang}
        connection={connection}
        style={style}
        shown={shown}
        options={cameraOf(view, connection)}
        events={{ moved: (camera) => now.current.view.change({ view: camera }) }}
        ready={(live) => {
          handle().map = live;
          setMap(live);
          live.gl.on('click', (e) => now.current.hand !== 'draw' && act(now.current.view, live, clicked(live.gl, e), e, now.current.cells, () => take('look')));
          live.gl.on('zoomend', () => setZoom(live.gl.getZoom()));
          return () => (handle().map = undefined);
        }}
      />
      {map && hand === 'draw' && (
        <DrawTool
          view={view}
          map={map.gl}
          show={setCorners}
          done={(polygon) => {
            setCorners([]);
            take('look');
            if (polygon !== undefined) view.refilter({ ...state.filter, within: polygon });
          }}
        />
      )}
      {hand === 'pick' && <p class="drawing panel">{say(lang, 'pickHint', { level: say(lang, `${state.area ?? 'community'}Level`) })}</p>}
      {shading.error !== undefined && (
        <p class="mapfault panel" role="alert">
          {shading.error}
        </p>
      )}
      {shading.legend && <Legend legend={shading.legend} />}
      <Card view={view} found={found} />
    </section>
  );
}

const placed = ({ lon, lat, zoom, bearing, pitch }: Camera) => ({ center: [lon, lat] as [number, number], zoom, bearing, pitch });

/** Where the map begins: where the address says, else over the whole. */
function cameraOf({ state }: View, connection: Connection): Partial<MapOptions> {
  if (state.view) return placed(state.view);
  const whole = connection.collections.value.find((c) => c.id === 'subdistricts')?.extent;
  return whole ? { bounds: [...whole], fitBoundsOptions: { padding: 32 } } : {};
}

function act(view: View, live: LiveMap, what: Clicked | undefined, e: MapMouseEvent, cells: FeatureCollection | undefined, picked: () => void): void {
  switch (what?.kind) {
    case 'area':
      if (what.by === 'pick') picked();
      return view.refilter({ ...view.state.filter, scope: what.code });
    case 'cluster':
      live.gl.easeTo({ center: e.lngLat, zoom: Math.min(18, live.gl.getZoom() + 2), essential: false });
      return;
    case 'feature':
      return view.change({ id: what.id });
    case 'cell': {
      const ring = cellAt(cells, [e.lngLat.lng, e.lngLat.lat]);
      return ring && view.refilter({ ...view.state.filter, within: writePolygon(ring) });
    }
    case undefined:
      if (view.state.id !== undefined) view.change({ id: undefined });
  }
}

/** The corners of the cell at a position. */
function cellAt(cells: FeatureCollection | undefined, at: Position): readonly Position[] | undefined {
  const rings = (cells?.features ?? []).flatMap(({ geometry }) => (geometry.type === 'Polygon' && geometry.coordinates[0] ? [geometry.coordinates[0]] : []));
  return rings.map((ring) => ring.slice(0, -1).map(([lon = 0, lat = 0]) => [lon, lat] as const)).find((ring) => contains(ring, at));
}

/** How much of the map the card covers, in pixels. */
const CARD_WIDTH = 290;

/** Brings a record into sight when it is out of it or under its card. */
function show(map: LiveMap | undefined, item: Item | undefined): void {
  if (!map || map.gone || !item?.bounds) return;
  const [w, s, e, n] = item.bounds;
  const at: [number, number] = [(w + e) / 2, (s + n) / 2];
  const { x, y } = map.gl.project(at);
  const { clientWidth, clientHeight } = map.gl.getContainer();
  const seen = x > 0 && y > 0 && x < clientWidth - CARD_WIDTH && y < clientHeight;
  if (!seen) map.gl.easeTo({ center: at, zoom: Math.max(15.5, map.gl.getZoom()), offset: [-CARD_WIDTH / 2, 0], essential: false });
}

function marks(within: readonly Position[] | undefined, corners: readonly Position[]): Feature[] {
  const feature = (mark: string, geometry: Geometry): Feature => ({ type: 'Feature', properties: { mark }, geometry });
  const ring = (of: readonly Position[]): number[][] => [...of, ...of.slice(0, 1)].map((p) => [...p]);
  return [
    ...(within ? [feature('within', { type: 'Polygon', coordinates: [ring(within)] })] : []),
    ...(corners.length > 2 ? [feature('drawing', { type: 'Polygon', coordinates: [ring(corners)] })] : []),
    ...(corners.length === 2 ? [feature('drawing', { type: 'LineString', coordinates: corners.map((p) => [...p]) })] : []),
    ...corners.map((p) => feature('corner', { type: 'Point', coordinates: [...p] })),
  ];
}

function here(geometry: unknown): Feature[] {
  if (typeof geometry !== 'object' || geometry === null || !('type' in geometry)) return [];
  return [{ type: 'Feature', properties: { mark: 'here' }, geometry: geometry as Geometry }]; // as the service sent it
}
