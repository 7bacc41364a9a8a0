// The map as a part of the wall: made with the first style, and drawn upon by what the wall knows.

import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FilterSpecification, StyleSpecification } from 'maplibre-gl';
import { drawing, type Drawing } from '../map/drawing';
import { say } from '../words/text';
import { paintAreas } from './draw/areas';
import { dimOutside } from './draw/outside';
import { drawIncident } from './draw/incident';
import { moveResponders } from './draw/responders';
import { WallMap, type Aim, type Insets } from './map';
import { Picture } from './pictureview';
import type { Wall } from './wall';

const AGAIN_MS = 15_000;
/** How long the map waits for the picture; a caller who sees no areas gets none. */
const PICTURE_MS = 1500;

/** The picture at once, then the map over it, or why there is none. */
export function Ground({ wall, ready }: { wall: Wall; ready(): void }) {
  const host = useRef<HTMLDivElement>(null);
  const [fault, setFault] = useState<'noWebgl' | 'contextLost' | undefined>(undefined);
  const [attempt, setAttempt] = useState(0);
  const [pictured, setPictured] = useState(false); // the picture is on the screen, and the map may take the machine
  const [drawn, setDrawn] = useState(false); // the map's own first picture is complete
  const styled = wall.connection.style.value !== undefined;
  useEffect(() => {
    if (!styled) return;
    const timer = setTimeout(() => setPictured(true), PICTURE_MS);
    return () => clearTimeout(timer);
  }, [styled]);
  useEffect(() => {
    const style = wall.connection.style.peek();
    if (!host.current || !style || !pictured) return;
    const by = drawing();
    if (by === 'none') {
      setFault('noWebgl');
      ready();
      const timer = setTimeout(() => setAttempt(attempt + 1), AGAIN_MS);
      return () => clearTimeout(timer);
    }
    setFault(undefined);
    const map = open(wall, host.current, style, by, (lost) => setFault(lost ? 'contextLost' : undefined));
    wall.map.value = map;
    void map.live.ready.then(() => {
      setDrawn(true);
      ready();
    });
    const leave = follow(wall, map, style);
    return () => {
      leave();
      wall.map.value = undefined;
      map.remove();
    };
  }, [styled && pictured, attempt]);
  return (
    <>
      {(!drawn || fault !== undefined) && <Picture wall={wall} margins={insets} alone={fault === 'noWebgl'} painted={() => setPictured(true)} />}
      <div ref={host} class={`map${drawn && fault === undefined ? '' : ' is-waiting'}`} />
      {fault === 'contextLost' && <p class="map-fault" role="alert">{say(wall.lang.value, fault)}</p>}
    </>
  );
}

function open(wall: Wall, host: HTMLElement, style: StyleSpecification, by: Drawing, lost: (lost: boolean) => void): WallMap {
  const picked = async (layer: string, id: number): Promise<void> => {
    const item = await wall.look(layer, id);
    if (item) wall.open(item, layer, false);
  };
  return new WallMap(host, dress(style), (name) => wall.isShown(name), wall.connection.client, {
    moved: (view) => wall.address.change({ view }),
    picked: (layer, id) => void picked(layer, id),
    ground: (at) => wall.drill(at),
    lost,
  }, insets, by);
}

/** Keeps a map as the wall wants it; the function returned ends that. */
function follow(wall: Wall, map: WallMap, first: StyleSpecification): () => void {
  let style = first;
  let aimed = '';
  const resize = (): void => map.resize();
  window.addEventListener('resize', resize);
  const ends = [
    wall.connection.follow((changes) => changes.forEach((c) => map.live.touch(c.layer, c.bounds))),
    effect(() => {
      const next = wall.connection.style.value;
      if (next && next !== style) map.live.restyle(dress((style = next)));
    }),
    effect(() => {
      void [wall.address.state.value, wall.connection.collections.value];
      map.live.show((name) => wall.isShown(name));
    }),
    effect(() => {
      if (wall.connection.joined.value > 1) map.live.retry();
    }),
    effect(() => {
      if (wall.connection.epoch.value > 0) map.live.touchAll();
    }),
    effect(() => {
      const aim = aimOf(wall);
      const key = `${wall.address.state.value.incident ?? wall.scope.value?.code ?? ''} ${aim.outline.length}`;
      if (aim.outline.length > 0 && key !== aimed) map.aim(aim, aimed !== '');
      if (aim.outline.length > 0) aimed = key;
    }),
    paintAreas(wall, map),
    moveResponders(wall, map),
    drawIncident(wall, map),
    dimOutside(wall, map),
    () => window.removeEventListener('resize', resize),
  ];
  return () => ends.forEach((end) => end());
}

/** The style without those on duty: the wall draws them itself, so that they move. */
function dress(style: StyleSpecification): StyleSpecification {
  const layers = style.layers.map((layer) => (layer.id === 'responders' && layer.type === 'symbol' ? { ...layer, filter: ['!=', ['get', 'duty'], 'on_duty'] as FilterSpecification } : layer));
  return { ...style, layers };
}

/** What the camera is to show by the address. */
function aimOf(wall: Wall): Aim {
  const area = wall.scope.value ?? wall.facts.areas.value.root;
  const extent = wall.facts.cards.value.find((c) => c.extent)?.extent;
  const around = wall.address.state.value.incident === undefined ? [] : incidentOutline(wall);
  if (around.length > 0) return { view: wall.address.state.peek().view, outline: around };
  const corners = extent ? ([[extent[0], extent[1]], [extent[2], extent[3]]] as const) : [];
  return { view: wall.address.state.peek().view, outline: area?.item.positions ?? corners };
}

/** The event, the ways of those who could come, and what can be walked to in the shortest time. */
function incidentOutline({ incident }: Wall): readonly (readonly [number, number])[] {
  const at = incident.event.value.value?.point;
  const walks = incident.walks.value.value?.features ?? [];
  const shortest = walks.find((f) => Number(f.properties?.['minutes']) === 5);
  const ring = shortest?.geometry.type === 'MultiPolygon' ? shortest.geometry.coordinates.flat(2).map(([lon = 0, lat = 0]) => [lon, lat] as const) : [];
  const ways = (incident.rankings.value.value ?? []).flatMap((r) => r.candidates.flatMap((c) => c.route));
  return at && ring.length + ways.length > 0 ? [at, ...ring, ...ways] : [];
}

/** What the panels take of the window at each side, in its pixels. */
function insets(): Insets {
  const boxes = (selector: string): DOMRect[] => [...document.querySelectorAll(selector)].map((node) => node.getBoundingClientRect());
  const { innerWidth, innerHeight } = window;
  const right = boxes('.column-right');
  const under = right.some((box) => box.top > innerHeight / 2); // on an upright screen the list lies below the map
  return {
    top: Math.max(0, ...boxes('.head, .crumbs, .playback').map((b) => b.bottom)),
    left: Math.max(0, ...boxes('.column-left').map((b) => b.right)),
    right: under ? 0 : innerWidth - Math.min(innerWidth, ...right.map((b) => b.left)),
    bottom: innerHeight - Math.min(innerHeight, ...boxes('.legend, .duty').map((b) => b.top), ...(under ? right.map((b) => b.top) : [])),
  };
}
