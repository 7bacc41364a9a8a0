// Those on duty, each gliding from where it was to where it is.

import { computed, effect } from '@preact/signals';
import type { FeatureCollection } from 'geojson';
import { isStale, type Responder } from '../duty';
import type { WallMap } from '../map';
import type { Wall } from '../wall';

const SOURCE = 'on-duty';
const GLIDE_MS = 1200;
/** A change over a longer way than this (about a kilometre, in degrees) is a correction, not a walk. */
const LEAP = 0.01;

/** A way between two places. */
interface Way {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Draws those on duty for as long as it is not disposed of. */
export function moveResponders(wall: Wall, map: WallMap): () => void {
  const still = window.matchMedia('(prefers-reduced-motion: reduce)');
  const drawn = new Map<number, readonly [number, number]>();
  let frame = 0;
  const shown = computed(() => wall.isShown('responders') && wall.facts.duty.responders.value !== undefined);
  const dress = effect(() => map.live.overlay(SOURCE, shown.value ? overlay() : undefined)); // not with each position: it is a new style
  const leave = effect(() => {
    const responders = wall.facts.duty.responders.value;
    cancelAnimationFrame(frame);
    if (!responders || !shown.value) return;
    const ways = new Map([...responders].map(([id, r]) => [id, wayOf(drawn.get(id), r.at)]));
    const begun = performance.now();
    const moving = !still.matches && !document.hidden && [...ways.values()].some((way) => way.from !== way.to);
    const step = (): void => {
      const part = moving ? Math.min(1, (performance.now() - begun) / GLIDE_MS) : 1;
      drawn.clear();
      for (const [id, way] of ways) drawn.set(id, between(way, ease(part)));
      map.live.data(SOURCE, collect(responders, drawn, wall.now.peek()));
      if (part < 1) frame = requestAnimationFrame(step);
    };
    step();
  });
  return () => {
    cancelAnimationFrame(frame);
    leave();
    dress();
  };
}

/** The way of somebody: from where he was drawn, unless that is too far to have been walked. */
export function wayOf(before: readonly [number, number] | undefined, to: readonly [number, number]): Way {
  const near = before && Math.abs(before[0] - to[0]) < LEAP && Math.abs(before[1] - to[1]) < LEAP;
  const same = before && before[0] === to[0] && before[1] === to[1];
  return { from: near && !same ? before : to, to };
}

/** The place at a part (0 to 1) of a way. */
export function between({ from, to }: Way, part: number): readonly [number, number] {
  return part >= 1 ? to : [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part];
}

const ease = (t: number): number => t * t * (3 - 2 * t);

function collect(responders: ReadonlyMap<number, Responder>, places: ReadonlyMap<number, readonly [number, number]>, now: number): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: [...responders.values()].map((r) => {
      const [lon, lat] = places.get(r.id) ?? r.at;
      const state = isStale(r, now) ? 'stale' : r.busy ? 'busy' : 'free';
      return { type: 'Feature', id: r.id, geometry: { type: 'Point', coordinates: [lon, lat] }, properties: { id: r.id, state } };
    }),
  };
}

function overlay(): Parameters<WallMap['live']['overlay']>[1] {
  return {
    below: 'events-cluster',
    sources: { [SOURCE]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } },
    layers: [
      {
        id: 'on-duty',
        type: 'symbol',
        source: SOURCE,
        minzoom: 13.5,
        layout: {
          'icon-image': ['match', ['get', 'state'], 'free', 'shapan:person:#7df0a8', 'busy', 'shapan:person:#ffd166', 'shapan:person-off:#9fb3c6'],
          'icon-size': ['interpolate', ['linear'], ['zoom'], 13, 0.34, 15, 0.5, 18, 0.95],
          'icon-allow-overlap': true,
          'icon-ignore-placement': true,
        },
      },
    ],
  };
}
