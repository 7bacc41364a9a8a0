// The desk's side of the map: clicks become events and places, candidates and their ways are drawn.

import { effect } from '@preact/signals';
import { Marker } from 'maplibre-gl';
import type { LiveMap } from '../map/live';
import { langOf, themeOf } from '../ui/shell';
import type { Desk } from './model';
import { boundsOf, WAYS, waysOf, waysOverlay } from './overlay';
import type { Candidate } from './ranking';
import type { Place } from './state';
import { say } from './words';

const FLY_MS = 500;

/** What a click may hit, in pixels around it. */
const REACH_PX = 6;

/** Wires a map to the desk; the function returned takes everything back. */
export function wireMap(live: LiveMap, desk: Desk): () => void {
  const side = new MapSide(live, desk);
  return () => side.remove();
}

class MapSide {
  readonly #ends: (() => void)[] = [];
  #markers: Marker[] = [];
  #place: Marker | undefined;
  /** What was last brought into view, so that a new ranking of the same does not move the map. */
  #viewed: string;

  constructor(
    private readonly live: LiveMap,
    private readonly desk: Desk,
  ) {
    this.#viewed = desk.address.state.peek().view ? JSON.stringify(desk.subject.peek()) : '';
    live.gl.on('click', (e) => this.#click(e.point, [e.lngLat.lng, e.lngLat.lat]));
    live.gl.getCanvas().setAttribute('aria-label', say(langOf(desk.address.state.peek()), 'map'));
    this.#ends.push(effect(() => live.overlay('ways', waysOverlay(themeOf(desk.address.state.value)))));
    this.#ends.push(effect(() => this.#drawWays()));
    this.#ends.push(effect(() => this.#drawPeople()));
    this.#ends.push(effect(() => this.#drawPlace()));
    this.#ends.push(effect(() => this.#bringIntoView()));
  }

  remove(): void {
    this.#ends.forEach((end) => end());
    this.#markers.forEach((m) => m.remove());
    this.#place?.remove();
  }

  #click(point: { x: number; y: number }, at: Place): void {
    const box: [[number, number], [number, number]] = [[point.x - REACH_PX, point.y - REACH_PX], [point.x + REACH_PX, point.y + REACH_PX]];
    const entering = this.desk.address.state.peek().entering;
    const hit = entering ? undefined : this.live.gl.queryRenderedFeatures(box).find((f) => f.sourceLayer === 'events');
    if (hit?.properties['point_count'] !== undefined) this.live.gl.easeTo({ center: [...at], zoom: this.live.gl.getZoom() + 1.5 });
    else if (hit && typeof hit.id === 'number') this.desk.openEvent(hit.id);
    else this.desk.openPlace(at);
  }

  #drawWays(): void {
    const at = this.desk.ranking.value?.at;
    this.live.data(WAYS, waysOf(at ? this.desk.candidates.value : [], this.desk.candidate.value?.id, at ?? [0, 0]));
  }

  #drawPeople(): void {
    const lang = langOf(this.desk.address.state.value);
    const chosen = this.desk.candidate.value?.id;
    this.#markers.forEach((m) => m.remove());
    this.#markers = (this.desk.ranking.value ? this.desk.candidates.value : []).map((c) => {
      const element = personMark(c, c.id === chosen, say(lang, 'etaMinutes', { n: c.terms.eta.toFixed(1) }));
      element.addEventListener('click', (e) => {
        e.stopPropagation();
        this.desk.picked.value = c.id;
      });
      return new Marker({ element, anchor: 'bottom' }).setLngLat([...c.position.at]).addTo(this.live.gl);
    });
  }

  #drawPlace(): void {
    const state = this.desk.address.state.value;
    const at = state.event === undefined ? state.at : this.desk.event.value?.at;
    if (!at) {
      this.#place?.remove();
      this.#place = undefined;
      return;
    }
    if (!this.#place) {
      const element = document.createElement('div');
      element.className = 'place-mark';
      this.#place = new Marker({ element }).setLngLat([...at]).addTo(this.live.gl);
      element.removeAttribute('aria-label');
      element.removeAttribute('tabindex');
      element.removeAttribute('role');
    }
    this.#place.setLngLat([...at]);
  }

  /** Shows what is looked at, once, when its ranking is there. */
  #bringIntoView(): void {
    const subject = JSON.stringify(this.desk.subject.value);
    const ranking = this.desk.ranking.value;
    if (!ranking || subject === undefined || subject === this.#viewed) return;
    this.#viewed = subject;
    const [low, high] = boundsOf(this.desk.candidates.value, ranking.at);
    const duration = matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : FLY_MS;
    this.live.gl.fitBounds([[...low], [...high]], { padding: 70, maxZoom: 17.2, duration });
  }
}

/** The mark of a candidate: rank and minutes. */
function personMark(c: Candidate, chosen: boolean, minutes: string): HTMLElement {
  const mark = document.createElement('div');
  mark.className = `person-mark${chosen ? ' chosen' : ''}${c.position.state === 'stale' ? ' stale' : ''}`;
  mark.setAttribute('aria-hidden', 'true'); // the list says the same, and can be reached
  const rank = document.createElement('b');
  rank.textContent = String(c.rank);
  const time = document.createElement('span');
  time.textContent = minutes;
  mark.append(rank, time);
  return mark;
}
