// The map of the wall: MapLibre dressed with the service's style, kept fresh tile by tile.

import { Map as GlMap, Marker, Popup, setWorkerUrl, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { Client } from '../client';
import { parseSign, signPixels } from '../shapes';
import { TILE_BUFFER, type Bounds } from '../touched';
import { countFeatures } from './counting';
import { TileRefresher } from './refresher';
import type { Camera } from './state';
import { anchorTiles, drawnFrom, drawnName, showOnly, tileOrigins } from './style';

/** Space taken by panels, in CSS pixels of the window. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** What the map tells its wall. */
export interface MapEvents {
  /** The camera was moved by hand and stands still. */
  moved(camera: Camera): void;
  /** Something that can be looked up was clicked. */
  picked(layer: string, id: number, at: readonly [number, number]): void;
  /** The graphics context was lost (true) or is back (false). */
  lost(lost: boolean): void;
}

/** Heat spreads: a point counts in cells around it. */
const HEAT_REACH = 1 / 4;
const HOME_PITCH = 32;
const FLASH_MS = 9000;

/** Whether this browser can draw the map at all. */
export function canDraw(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}

/** WallMap owns one MapLibre map in an element; remove gives the element back empty. */
export class WallMap {
  readonly #map: GlMap;
  #style: StyleSpecification;
  #shown: (name: string) => boolean;
  #refresher: TileRefresher;
  #insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  #home: readonly (readonly [number, number])[] = [];
  #atHome = true;
  #failed = false;
  #gone = false;
  readonly #flashes = new Set<Marker>();
  #popup: Popup | undefined;
  /** Resolves when the first picture is complete. */
  readonly ready: Promise<void>;

  constructor(
    private readonly container: HTMLElement,
    style: StyleSpecification,
    shown: (name: string) => boolean,
    private readonly client: Client,
    private readonly events: MapEvents,
  ) {
    setWorkerUrl(workerUrl);
    this.#style = anchorTiles(style, location.origin);
    this.#shown = shown;
    this.#layOut();
    this.#map = new GlMap({
      container,
      style: showOnly(this.#style, shown),
      attributionControl: false,
      pixelRatio: this.#pixelRatio(),
      maxCanvasSize: [16_384, 16_384],
      maxTileCacheSize: 0, // a tile that leaves the view is fetched anew (mostly 304): it may have changed meanwhile
      zoomLevelsToOverscale: undefined,
      fadeDuration: 200,
      minZoom: 9,
      maxZoom: 19.5,
      maxPitch: 70,
      canvasContextAttributes: { antialias: true },
      transformRequest: (url: string) => this.#request(url),
    });
    this.#map.setMissingStyleImageResolver((name) => this.#draw(name));
    this.#refresher = this.#makeRefresher();
    this.ready = new Promise((resolve) => this.#map.once('idle', () => resolve()));
    this.#listen();
  }

  /** Moves the camera to show all of an outline beside the panels, and keeps doing so when the window changes. */
  home(outline: readonly (readonly [number, number])[], insets: Insets, animate = true): void {
    this.#home = outline;
    this.#insets = insets;
    this.#atHome = true;
    this.#fit(animate ? 1200 : 0);
  }

  /** Puts the camera where the address says. */
  goTo(camera: Camera, insets: Insets): void {
    this.#insets = insets;
    this.#atHome = false;
    this.#map.jumpTo({ center: [camera.lon, camera.lat], zoom: camera.zoom, bearing: camera.bearing, pitch: camera.pitch, padding: this.#padding() });
  }

  /** Flies to a place; undefined bounds of a point fly to street level. */
  fly(bounds: Bounds, maxZoom = 16.6): void {
    if (this.#gone) return;
    this.#atHome = false;
    const [w, s, e, n] = bounds;
    this.#map.fitBounds([w, s, e, n], { padding: this.#padding(40), maxZoom, pitch: 45, bearing: this.#map.getBearing(), duration: 1800, essential: true });
  }

  /** Shows only some catalogue layers. */
  show(shown: (name: string) => boolean): void {
    this.#shown = shown;
    if (this.#gone) return;
    for (const layer of this.#map.getStyle().layers) {
      const name = drawnName(layer);
      if (name === '') continue;
      const wanted = shown(name) ? 'visible' : 'none';
      if ((this.#map.getLayoutProperty(layer.id, 'visibility') ?? 'visible') !== wanted) this.#map.setLayoutProperty(layer.id, 'visibility', wanted);
    }
  }

  /** Takes another style of the service, such as in another language. What is the same stays on the screen. */
  restyle(style: StyleSpecification): void {
    this.#style = anchorTiles(style, location.origin);
    this.#refresher.stop();
    this.#refresher = this.#makeRefresher();
    if (!this.#gone) this.#map.setStyle(showOnly(this.#style, this.#shown), { diff: true });
  }

  /** Fetches again the tiles under bounds of changed features of a layer. */
  touch(layer: string, bounds: readonly Bounds[]): void {
    this.#refresher.touch(layer, bounds);
  }

  /** Fetches every tile again. */
  touchAll(): void {
    this.#failed = false;
    this.#refresher.touchAll();
  }

  /** Fetches every tile again if some had failed to come. */
  retry(): void {
    if (this.#failed) this.touchAll();
  }

  /** Draws rings around a place for some seconds. */
  flash(at: readonly [number, number], severity: string): void {
    if (this.#gone || this.#flashes.size >= 12) return;
    const element = document.createElement('div');
    element.className = `flash flash-${/^[a-z]+$/.test(severity) ? severity : 'low'}`;
    for (let i = 0; i < 3; i++) element.append(document.createElement('i'));
    const marker = new Marker({ element, anchor: 'center', pitchAlignment: 'map' }).setLngLat([at[0], at[1]]).addTo(this.#map);
    this.#flashes.add(marker);
    setTimeout(() => {
      marker.remove();
      this.#flashes.delete(marker);
    }, FLASH_MS);
  }

  /** Shows a card at a place; undefined closes the one that is open. */
  card(at: readonly [number, number], content: HTMLElement | undefined): void {
    this.#popup?.remove();
    this.#popup = undefined;
    if (!content || this.#gone) return;
    this.#popup = new Popup({ className: 'card', maxWidth: 'none', offset: 22, closeButton: true })
      .setLngLat([at[0], at[1]])
      .setDOMContent(content)
      .addTo(this.#map);
  }

  /** How many different features of a layer the tiles in view hold; a cluster counts as the points that it stands for. */
  featureCount(layer: string): number {
    if (this.#gone || !this.#shown(layer)) return 0;
    const counts = drawnFrom(this.#style, layer).map(({ source, sourceLayer }) => countFeatures(this.#map.querySourceFeatures(source, { sourceLayer })));
    return Math.max(0, ...counts);
  }

  /** Fits the map to the window and to what the panels leave of it. */
  resize(insets: Insets): void {
    this.#insets = insets;
    this.#layOut();
    this.#map.setPixelRatio(this.#pixelRatio());
    this.#map.resize();
    if (this.#atHome) this.#fit(0);
    else if (!this.#gone) this.#map.setPadding(this.#padding());
  }

  /** Takes the map away. */
  remove(): void {
    this.#refresher.stop();
    this.#map.remove();
  }

  #listen(): void {
    const map = this.#map;
    map.on('sourcedata', (e) => {
      if (!this.#gone && map.getSource(e.sourceId) && map.isSourceLoaded(e.sourceId)) this.#refresher.rested(e.sourceId);
    });
    map.on('error', () => {
      this.#failed = true; // a tile that did not come: fetched again when the stream is back
    });
    map.on('moveend', (e) => {
      if (e.originalEvent === undefined || this.#gone) return;
      this.#atHome = false;
      this.events.moved(this.#camera());
    });
    map.on('webglcontextlost', () => {
      this.#gone = true;
      this.events.lost(true);
    });
    map.on('webglcontextrestored', () => {
      this.#gone = false;
      this.events.lost(false);
    });
    map.on('click', (e) => {
      const feature = map.queryRenderedFeatures(e.point).find((f) => ['events', 'responders', 'facilities', 'screens'].includes(f.sourceLayer ?? ''));
      if (!feature) return;
      if (feature.properties['point_count'] !== undefined) {
        map.easeTo({ center: e.lngLat, zoom: map.getZoom() + 1.5 }, { originalEvent: e.originalEvent });
      } else if (typeof feature.id === 'number') {
        this.events.picked(feature.sourceLayer ?? '', feature.id, [e.lngLat.lng, e.lngLat.lat]);
      }
    });
  }

  #makeRefresher(): TileRefresher {
    const sources = tileOrigins(this.#style).map((origin) => ({ ...origin, reach: origin.spreads ? HEAT_REACH : TILE_BUFFER }));
    return new TileRefresher(
      {
        refreshTiles: (source, tiles) => {
          if (!this.#gone && this.#map.getSource(source)) this.#map.refreshTiles(source, tiles);
        },
        isSourceLoaded: (source) => !this.#gone && this.#map.getSource(source) !== undefined && this.#map.isSourceLoaded(source),
      },
      sources,
      () => performance.now(),
    );
  }

  #request(url: string): { url: string; headers?: Record<string, string>; cache?: RequestCache } {
    const full = new URL(url, location.href);
    if (full.origin !== location.origin) return { url };
    return { url: full.href, headers: this.client.headers(), cache: 'no-cache' };
  }

  #draw(name: string): void {
    const sign = parseSign(name);
    const pixels = sign && signPixels(sign.shape, sign.color);
    if (pixels && !this.#map.hasImage(name)) this.#map.addImage(name, pixels, { pixelRatio: 2 });
  }

  /** The map is laid out as if the wall were 1080 pixels high and scaled up: what can be read there can be read on any wall. */
  #scale(): number {
    return Math.max(0.55, window.innerHeight / 1080);
  }

  #pixelRatio(): number {
    return window.devicePixelRatio * this.#scale();
  }

  #layOut(): void {
    const scale = this.#scale();
    this.container.style.width = `${window.innerWidth / scale}px`;
    this.container.style.height = `${window.innerHeight / scale}px`;
    this.container.style.transform = `scale(${scale})`;
  }

  #padding(extra = 0): Insets {
    const scale = this.#scale();
    const { top, right, bottom, left } = this.#insets;
    return { top: top / scale + extra, right: right / scale + extra, bottom: bottom / scale + extra, left: left / scale + extra };
  }

  /** Puts the area into the middle of what the panels leave, as near as it goes: tilted, so by looking and correcting. */
  #fit(duration: number): void {
    if (this.#home.length === 0 || this.#gone) return;
    const map = this.#map;
    const before = this.#camera();
    const { top, right, bottom, left } = this.#padding(14);
    const free = { width: this.container.offsetWidth - left - right, height: this.container.offsetHeight - top - bottom };
    map.jumpTo({ center: middle(this.#home), zoom: 14, bearing: 0, pitch: HOME_PITCH, padding: { top: 0, right: 0, bottom: 0, left: 0 } });
    for (let i = 0; i < 5; i++) {
      const seen = this.#home.map((p) => map.project([p[0], p[1]]));
      const [x0, x1] = [Math.min(...seen.map((p) => p.x)), Math.max(...seen.map((p) => p.x))];
      const [y0, y1] = [Math.min(...seen.map((p) => p.y)), Math.max(...seen.map((p) => p.y))];
      const closer = Math.log2(Math.min(free.width / (x1 - x0), free.height / (y1 - y0)));
      const wanted = [(x0 + x1) / 2 + this.container.offsetWidth / 2 - (left + free.width / 2), (y0 + y1) / 2 + this.container.offsetHeight / 2 - (top + free.height / 2)] as const;
      map.jumpTo({ center: map.unproject([wanted[0], wanted[1]]), zoom: map.getZoom() + closer });
    }
    if (duration === 0) return;
    const target = this.#camera();
    map.jumpTo({ center: [before.lon, before.lat], zoom: before.zoom, bearing: before.bearing, pitch: before.pitch });
    map.easeTo({ center: [target.lon, target.lat], zoom: target.zoom, bearing: target.bearing, pitch: target.pitch, duration, essential: true });
  }

  #camera(): Camera {
    const center = this.#map.getCenter();
    return { zoom: this.#map.getZoom(), lat: center.lat, lon: center.lng, bearing: this.#map.getBearing(), pitch: this.#map.getPitch() };
  }
}

function middle(positions: readonly (readonly [number, number])[]): [number, number] {
  const mid = (values: number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  return [mid(positions.map((p) => p[0])), mid(positions.map((p) => p[1]))];
}
