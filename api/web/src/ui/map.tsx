// The map as a component: one LiveMap for as long as the page lives.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { MapOptions, StyleSpecification } from 'maplibre-gl';
import { drawing } from '../map/drawing';
import { LiveMap, type LiveMapEvents } from '../map/live';
import type { Change } from '../service/data';
import type { Lang } from '../words/format';
import { say } from '../words/text';
import type { Connection } from './connection';
import { Sketch } from './sketch';

/** What the map is given. */
export interface MapViewProps {
  readonly lang: Lang;
  readonly connection: Connection;
  readonly style: StyleSpecification;
  /** Whether a catalogue layer is shown. */
  shown(layer: string): boolean;
  /** Called once, when the map stands; what it returns is called when the map goes. */
  ready(map: LiveMap): (() => void) | void;
  readonly events?: LiveMapEvents;
  readonly options?: Partial<MapOptions>;
}

/** How long the map waits for the sketch. */
const SKETCH_MS = 1000;

/** The sketch at once, then the map. Its first style makes it; later styles change it in place. */
export function MapView(p: MapViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const live = useRef<LiveMap | undefined>(undefined);
  const [fault, setFault] = useState<'noWebgl' | 'contextLost' | undefined>(undefined);
  const [begun, begin] = useState(false); // the sketch is on the screen, and the map may take the machine
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => begin(true), SKETCH_MS);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    if (!host.current || !begun) return;
    const by = drawing();
    if (by === 'none') {
      setFault('noWebgl');
      return;
    }
    const events: LiveMapEvents = {
      ...p.events,
      lost: (lost) => {
        setFault(lost ? 'contextLost' : undefined);
        p.events?.lost?.(lost);
      },
    };
    const map = new LiveMap(host.current, p.style, (name) => p.shown(name), p.connection.client, by, events, p.options);
    live.current = map;
    void map.ready.then(() => setDrawn(true));
    const leave = p.connection.follow((changes: readonly Change[]) => changes.forEach((c) => map.touch(c.layer, c.bounds)));
    const sized = new ResizeObserver(() => map.gl.resize());
    sized.observe(host.current);
    const done = p.ready(map);
    return () => {
      if (done) done();
      sized.disconnect();
      leave();
      map.remove();
      live.current = undefined;
    };
  }, [begun]);
  useEffect(() => live.current?.restyle(p.style), [p.style]);
  useEffect(() => live.current?.show((name) => p.shown(name)), [p.shown]);
  return (
    <div class="map">
      <div ref={host} class="map-host" />
      {!drawn && <Sketch connection={p.connection} style={p.style} options={p.options ?? {}} painted={() => begin(true)} />}
      {fault && (
        <p class="map-fault" role="alert">
          {say(p.lang, fault)}
        </p>
      )}
    </div>
  );
}
