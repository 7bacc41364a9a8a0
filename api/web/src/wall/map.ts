// The map of the wall: laid out for five metres, framed by the panels.

import { Marker, Popup, type StyleSpecification } from 'maplibre-gl';
import { render, type ComponentChild } from 'preact';
import type { Camera } from '../map/camera';
import type { Drawing } from '../map/drawing';
import { LiveMap } from '../map/live';
import type { Bounds } from '../map/touched';
import type { Client } from '../service/client';

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
  /** Bare ground was clicked, at longitude and latitude. */
  ground(at: readonly [number, number]): void;
  /** The graphics context was lost (true) or is back (false). */
  lost(lost: boolean): void;
}

/** What the camera is to show: where it stood, else all of an outline (lon, lat). */
export interface Aim {
  readonly view?: Camera | undefined;
  readonly outline: readonly (readonly [number, number])[];
}

const HOME_PITCH = 32;
const STEEP = 55;
/** What can be looked up by a click. */
const CLICKED = ['events', 'responders', 'facilities', 'screens'];
const FLASH_MS = 9000;
const FLIGHT_MS = 1400;
/** Nearer than this nothing more is to be seen of a grid. */
const NEAREST = 17.6;
/** A processor draws no more pixels than these, if half as many each way are enough: one full screen. */
const PROCESSOR_PIXELS = 1920 * 1080;
const COARSEST = 0.5;

/** WallMap is the wall's LiveMap with its camera work; remove gives the element back empty. */
export class WallMap {
  readonly live: LiveMap;
  #aim: Aim = { outline: [] };
  #away = false;
  readonly #flashes = new Set<Marker>();
  #popup: Popup | undefined;

  /** `insets` measures what the panels take of the window; `drawing` is who draws: a processor gets less to do. */
  constructor(
    private readonly container: HTMLElement,
    style: StyleSpecification,
    shown: (name: string) => boolean,
    client: Client,
    private readonly events: MapEvents,
    private readonly insets: () => Insets,
    private readonly drawing: Drawing,
  ) {
    this.#layOut();
    this.live = new LiveMap(container, style, shown, client, drawing, {
      moved: (camera) => {
        this.#away = true;
        events.moved(camera);
      },
      lost: (lost) => events.lost(lost),
    }, { pixelRatio: this.#pixelRatio(), maxCanvasSize: [16_384, 16_384], canvasContextAttributes: { antialias: drawing === 'card' } });
    this.#listen();
  }

  /** Points the camera at something, and keeps it there when the window changes. */
  aim(aim: Aim, animate = true): void {
    this.#aim = aim;
    this.place(animate);
  }

  /** Points the camera again at what it was pointed at last. */
  place(animate = true): void {
    if (this.live.gone) return;
    const { view } = this.#aim;
    this.#away = false;
    if (view) this.live.gl.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom, bearing: view.bearing, pitch: view.pitch, padding: this.#padding() });
    else this.#fit(animate ? FLIGHT_MS : 0);
  }

  /** Flies to a place; undefined bounds of a point fly to street level. */
  fly(bounds: Bounds, maxZoom = 16.6): void {
    if (this.live.gone) return;
    this.#away = true;
    const [w, s, e, n] = bounds;
    const bearing = this.live.gl.getBearing();
    this.live.gl.fitBounds([w, s, e, n], { padding: this.#padding(40), maxZoom, pitch: 45, bearing, duration: FLIGHT_MS });
  }

  /** Draws rings around a place for some seconds. */
  flash(at: readonly [number, number], severity: string): void {
    if (this.live.gone || this.#flashes.size >= 12) return;
    const element = document.createElement('div');
    element.className = `flash flash-${/^[a-z]+$/.test(severity) ? severity : 'low'}`;
    for (let i = 0; i < 3; i++) element.append(document.createElement('i'));
    const marker = new Marker({ element, anchor: 'center', pitchAlignment: 'map' }).setLngLat([at[0], at[1]]).addTo(this.live.gl);
    this.#flashes.add(marker);
    setTimeout(() => {
      marker.remove();
      this.#flashes.delete(marker);
    }, FLASH_MS);
  }

  /** Shows a card at a place, instead of the one that is open. */
  card(at: readonly [number, number], content: ComponentChild): void {
    this.close();
    if (this.live.gone) return;
    const body = document.createElement('div');
    render(content, body);
    this.#popup = new Popup({ className: 'card', maxWidth: 'none', offset: 22, closeButton: true }).setLngLat([at[0], at[1]]).setDOMContent(body).addTo(this.live.gl);
    this.#popup.once('close', () => render(null, body));
  }

  /** Closes the card. */
  close(): void {
    this.#popup?.remove();
    this.#popup = undefined;
  }

  /** Fits the map to the window and to what the panels leave of it. */
  resize(): void {
    this.#layOut();
    this.live.sharpen(this.#pixelRatio());
    this.live.gl.resize();
    if (!this.#away) this.place(false);
    else if (!this.live.gone) this.live.gl.setPadding(this.#padding());
  }

  /** Takes the map away. */
  remove(): void {
    this.close();
    for (const marker of this.#flashes) marker.remove();
    this.live.remove();
  }

  #listen(): void {
    const map = this.live.gl;
    map.on('click', (e) => {
      const hit = map.queryRenderedFeatures(e.point).flatMap((f) => {
        const layer = f.source === 'on-duty' ? 'responders' : (f.sourceLayer ?? '');
        return CLICKED.includes(layer) ? [{ layer, id: f.id, cluster: f.properties['point_count'] !== undefined }] : [];
      })[0];
      const at = [e.lngLat.lng, e.lngLat.lat] as const;
      if (!hit) this.events.ground(at);
      else if (hit.cluster) map.easeTo({ center: e.lngLat, zoom: map.getZoom() + 1.5 }, { originalEvent: e.originalEvent });
      else if (typeof hit.id === 'number') this.events.picked(hit.layer, hit.id, at);
    });
  }

  /** Turns the map by some degrees, or tilts it up and down. */
  turn(degrees: number): void {
    if (!this.live.gone) this.live.gl.easeTo({ bearing: this.live.gl.getBearing() + degrees, duration: 400 });
  }

  /** Lays the map flat, or tilts it again. */
  tilt(): void {
    if (!this.live.gone) this.live.gl.easeTo({ pitch: this.live.gl.getPitch() > 10 ? 0 : STEEP, duration: 600 });
  }

  /** The map is laid out as if the wall were 1080 pixels high and scaled up: what can be read there can be read on any wall. */
  #scale(): number {
    return Math.max(0.55, window.innerHeight / 1080);
  }

  #pixelRatio(): number {
    const full = window.devicePixelRatio * this.#scale();
    if (this.drawing === 'card') return full;
    const pixels = window.innerWidth * window.innerHeight * window.devicePixelRatio ** 2;
    return full * Math.min(1, Math.max(COARSEST, Math.sqrt(PROCESSOR_PIXELS / pixels)));
  }

  #layOut(): void {
    const scale = this.#scale();
    this.container.style.width = `${window.innerWidth / scale}px`;
    this.container.style.height = `${window.innerHeight / scale}px`;
    this.container.style.transform = `scale(${scale})`;
  }

  #padding(extra = 0): Insets {
    const scale = this.#scale();
    const { top, right, bottom, left } = this.insets();
    return { top: top / scale + extra, right: right / scale + extra, bottom: bottom / scale + extra, left: left / scale + extra };
  }

  /** Puts the area into the middle of what the panels leave, as near as it goes: tilted, so by looking and correcting. */
  #fit(duration: number): void {
    const { outline } = this.#aim;
    if (outline.length === 0) return;
    const map = this.live.gl;
    const before = this.live.camera;
    const { top, right, bottom, left } = this.#padding(14);
    const free = { width: this.container.offsetWidth - left - right, height: this.container.offsetHeight - top - bottom };
    map.jumpTo({ center: middle(outline), zoom: 14, bearing: 0, pitch: HOME_PITCH, padding: { top: 0, right: 0, bottom: 0, left: 0 } });
    for (let i = 0; i < 5; i++) {
      const seen = outline.map((p) => map.project([p[0], p[1]]));
      const [x0, x1] = [Math.min(...seen.map((p) => p.x)), Math.max(...seen.map((p) => p.x))];
      const [y0, y1] = [Math.min(...seen.map((p) => p.y)), Math.max(...seen.map((p) => p.y))];
      const closer = Math.log2(Math.min(free.width / (x1 - x0), free.height / (y1 - y0)));
      const wanted = [(x0 + x1) / 2 + this.container.offsetWidth / 2 - (left + free.width / 2), (y0 + y1) / 2 + this.container.offsetHeight / 2 - (top + free.height / 2)] as const;
      map.jumpTo({ center: map.unproject([wanted[0], wanted[1]]), zoom: Math.min(NEAREST, map.getZoom() + closer) });
    }
    if (duration === 0 || document.hidden) return;
    const target = this.live.camera;
    map.jumpTo({ center: [before.lon, before.lat], zoom: before.zoom, bearing: before.bearing, pitch: before.pitch });
    map.easeTo({ center: [target.lon, target.lat], zoom: target.zoom, bearing: target.bearing, pitch: target.pitch, duration }); // where less motion is wanted it stands there at once
  }
}

function middle(positions: readonly (readonly [number, number])[]): [number, number] {
  const mid = (values: number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  return [mid(positions.map((p) => p[0])), mid(positions.map((p) => p[1]))];
}
