// A MapLibre map dressed with the service's style and kept fresh tile by tile; what a page draws over it survives a new style.

import { Map as GlMap, prewarm, setWorkerUrl, type LayerSpecification, type MapOptions, type SourceSpecification, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { GeoJSON } from 'geojson';
import type { Client } from '../service/client';
import type { Camera } from './camera';
import type { Drawing } from './drawing';
import { countFeatures } from './counting';
import { TileRefresher } from './refresher';
import { parseSign, signPixels } from './shapes';
import { anchorTiles, drawnFrom, drawnName, showOnly, tileOrigins } from './style';
import { returnTextures } from './textures';
import { TILE_BUFFER, type Bounds } from './touched';

// Half a megabyte of worker comes and is compiled while the page still asks what there is to draw.
setWorkerUrl(workerUrl);
prewarm();

/** What a page draws over the service's style, as one. */
export interface Overlay {
  readonly sources: Readonly<Record<string, SourceSpecification>>;
  readonly layers: readonly LayerSpecification[];
  /** The style layer under which it goes; absent, or not in the style: on top. */
  readonly below?: string;
}

/** What the map tells its page. */
export interface LiveMapEvents {
  /** The camera was moved by hand and stands still. */
  moved?(camera: Camera): void;
  /** The graphics context was lost (true) or is back (false). */
  lost?(lost: boolean): void;
}

/** A processor draws the first frames, which come as fast as tiles do, in so many parts of the pixels each way, and then one whole. */
const DRAFT = 0.25;

/** Heat spreads: a point counts in cells around it. */
const HEAT_REACH = 1 / 4;

/** LiveMap owns one MapLibre map in an element; remove gives the element back empty. */
export class LiveMap {
  /** The map itself, for the camera and for listening. Styles, sources and layers go through LiveMap. */
  readonly gl: GlMap;
  /** Resolves when the first picture is complete; the element says so as data-drawn=whole. */
  readonly ready: Promise<void>;
  #style: StyleSpecification;
  #shown: (name: string) => boolean;
  #refresher: TileRefresher;
  #failed = false;
  #gone = false;
  #ratio: number;
  /** Whether the first frames are drawn coarsely, and the map is not complete yet. */
  #draft: boolean;
  #styled = false;
  #waiting = false;
  readonly #overlays = new Map<string, Overlay>();
  readonly #data = new Map<string, GeoJSON>();

  constructor(
    container: HTMLElement,
    style: StyleSpecification,
    shown: (name: string) => boolean,
    private readonly client: Client,
    drawing: Drawing,
    private readonly events: LiveMapEvents = {},
    options: Partial<MapOptions> = {},
  ) {
    this.#draft = drawing !== 'card';
    this.#ratio = options.pixelRatio ?? window.devicePixelRatio;
    this.#style = anchorTiles(style, location.origin);
    this.#shown = shown;
    this.gl = new GlMap({
      attributionControl: false,
      maxTileCacheSize: 0, // a tile that leaves the view is fetched anew (mostly 304): it may have changed meanwhile
      zoomLevelsToOverscale: undefined,
      fadeDuration: this.#draft ? 0 : 200, // a fade is drawn many times
      minZoom: 9,
      maxZoom: 19.5,
      maxPitch: 70,
      ...options,
      pixelRatio: this.#ratio * (this.#draft ? DRAFT : 1),
      container,
      style: showOnly(this.#style, shown),
      transformRequest: (url: string) => this.#request(url),
    });
    this.gl.setMissingStyleImageResolver((name) => this.#draw(name));
    returnTextures(this.gl);
    this.#refresher = this.#makeRefresher();
    this.ready = this.#complete(container);
    this.#listen();
  }

  /** Draws with so many pixels to a CSS pixel. */
  sharpen(ratio: number): void {
    this.#ratio = ratio;
    if (!this.#draft) this.gl.setPixelRatio(ratio);
  }

  /** Whether the graphics context is lost at the moment: nothing can be asked of the map then. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Where the camera stands. */
  get camera(): Camera {
    const center = this.gl.getCenter();
    return { zoom: this.gl.getZoom(), lat: center.lat, lon: center.lng, bearing: this.gl.getBearing(), pitch: this.gl.getPitch() };
  }

  /** Shows only some catalogue layers. */
  show(shown: (name: string) => boolean): void {
    this.#shown = shown;
    if (!this.#styled) this.#waiting = true;
    if (this.#gone || !this.#styled) return;
    for (const layer of this.gl.getStyle().layers) {
      const name = drawnName(layer);
      if (name === '') continue;
      const wanted = shown(name) ? 'visible' : 'none';
      if ((this.gl.getLayoutProperty(layer.id, 'visibility') ?? 'visible') !== wanted) this.gl.setLayoutProperty(layer.id, 'visibility', wanted);
    }
  }

  /** Takes another style of the service, such as in another language. What is the same stays on the screen. */
  restyle(style: StyleSpecification): void {
    this.#style = anchorTiles(style, location.origin);
    this.#refresher.stop();
    this.#refresher = this.#makeRefresher();
    this.#apply();
  }

  /** Draws something over the style, in place of what was drawn under that name before; undefined takes it away. */
  overlay(name: string, overlay: Overlay | undefined): void {
    if (overlay) this.#overlays.set(name, overlay);
    else this.#overlays.delete(name);
    this.#apply();
  }

  /** Gives a GeoJSON source of an overlay its features, now and after every new style. */
  data(source: string, data: GeoJSON): void {
    this.#data.set(source, data);
    if (this.#gone) return;
    const found = this.gl.getSource(source);
    if (found && 'setData' in found && typeof found.setData === 'function') (found.setData as (d: GeoJSON) => void)(data);
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

  /** How many different features of a layer the tiles in view hold; a cluster counts as the points that it stands for. */
  featureCount(layer: string): number {
    if (this.#gone || !this.#shown(layer)) return 0;
    const counts = drawnFrom(this.#style, layer).map(({ source, sourceLayer }) => countFeatures(this.gl.querySourceFeatures(source, { sourceLayer })));
    return Math.max(0, ...counts);
  }

  /** How much it holds, for whoever watches that nothing piles up. */
  get census(): { sources: number; layers: number; images: number } {
    if (this.#gone || !this.#styled) return { sources: 0, layers: 0, images: 0 };
    const { sources, layers } = this.gl.getStyle();
    return { sources: Object.keys(sources).length, layers: layers.length, images: this.gl.listImages().length };
  }

  /** Whether a layer of the map itself shows anything in view. */
  draws(layer: string): boolean {
    return !this.#gone && this.gl.getLayer(layer) !== undefined && this.gl.queryRenderedFeatures({ layers: [layer] }).length > 0;
  }

  /** Takes the map away. */
  remove(): void {
    this.#refresher.stop();
    this.gl.remove();
  }

  /** Lays the overlays over the style and hands the whole to the map, which changes only what differs. */
  #apply(): void {
    if (!this.#styled) this.#waiting = true; // the first style is still on its way, and nothing can be compared with it
    if (this.#gone || !this.#styled) return;
    this.#waiting = false;
    const style = showOnly(this.#style, this.#shown);
    const sources = { ...style.sources };
    const layers = [...style.layers];
    for (const overlay of this.#overlays.values()) {
      for (const [name, source] of Object.entries(overlay.sources)) {
        const data = this.#data.get(name);
        sources[name] = data && source.type === 'geojson' ? { ...source, data } : source;
      }
      const at = layers.findIndex((layer) => layer.id === overlay.below);
      layers.splice(at < 0 ? layers.length : at, 0, ...overlay.layers);
    }
    this.gl.setStyle({ ...style, sources, layers }, { diff: true });
  }

  /** Waits for the first picture: where a draft comes first, for the whole one after it. */
  async #complete(container: HTMLElement): Promise<void> {
    await this.#idle();
    if (this.#draft) {
      container.dataset['drawn'] = 'draft';
      this.#draft = false;
      this.gl.setPixelRatio(this.#ratio);
      await this.#idle();
    }
    container.dataset['drawn'] = 'whole';
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => this.gl.once('idle', () => resolve()));
  }

  #listen(): void {
    const map = this.gl;
    map.on('styledataloading', () => {
      this.#styled = false; // a whole style is on its way: the first one, one that differs too much, or one after a lost context
    });
    map.on('style.load', () => {
      this.#styled = true;
      if (this.#waiting) this.#apply();
    });
    map.on('sourcedata', (e) => {
      if (!this.#gone && map.getSource(e.sourceId) && map.isSourceLoaded(e.sourceId)) this.#refresher.rested(e.sourceId);
    });
    map.on('error', () => {
      this.#failed = true; // a tile that did not come: fetched again when the stream is back
    });
    map.on('moveend', (e) => {
      if (e.originalEvent !== undefined && !this.#gone) this.events.moved?.(this.camera);
    });
    map.on('webglcontextlost', () => {
      this.#gone = true;
      this.events.lost?.(true);
    });
    map.on('webglcontextrestored', () => {
      this.#gone = false;
      this.#apply();
      this.events.lost?.(false);
    });
  }

  #makeRefresher(): TileRefresher {
    const sources = tileOrigins(this.#style).map((origin) => ({ ...origin, reach: origin.spreads ? HEAT_REACH : TILE_BUFFER }));
    return new TileRefresher(
      {
        refreshTiles: (source, tiles) => {
          if (!this.#gone && this.gl.getSource(source)) this.gl.refreshTiles(source, tiles);
        },
        isSourceLoaded: (source) => !this.#gone && this.gl.getSource(source) !== undefined && this.gl.isSourceLoaded(source),
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
    if (pixels && !this.gl.hasImage(name)) this.gl.addImage(name, pixels, { pixelRatio: 2 });
  }
}
