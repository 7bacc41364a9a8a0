// What stands where the map will be until it is: the limits and names of communities, at the place where the map shows them.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Feature, FeatureCollection } from 'geojson';
import type { MapOptions, StyleSpecification } from 'maplibre-gl';
import { fitSheet, letter, sheetUnder, trace, type Sheet } from '../map/sheet';
import type { Connection } from './connection';

const LAYER = 'communities';
const NAME_PX = 22;

/** What the sketch is given. */
interface SketchProps {
  readonly connection: Connection;
  readonly style: StyleSpecification;
  /** How the map is about to begin: its centre and zoom, or its bounds. */
  readonly options: Partial<MapOptions>;
  /** Called when it is on the screen, or when there is nothing to draw. */
  painted(): void;
}

/** The sketch. It says nothing to those who do not see it, and lets clicks through. */
export function Sketch({ connection, style, options, painted }: SketchProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const areas = useAreas(connection);
  useEffect(() => {
    if (!areas) return;
    const at = canvas.current;
    const sheet = at && sheetOf(style, options, at.clientWidth, at.clientHeight);
    const context = at?.getContext('2d');
    if (!sheet || !context || areas.length === 0) {
      painted();
      return;
    }
    at.width = Math.round(sheet.width * devicePixelRatio);
    at.height = Math.round(sheet.height * devicePixelRatio);
    context.scale(devicePixelRatio, devicePixelRatio);
    draw(context, sheet, style, areas);
    at.dataset['areas'] = String(areas.length);
    requestAnimationFrame(() => setTimeout(painted)); // after the frame that shows it
  }, [areas]);
  return <canvas ref={canvas} class="sketch" aria-hidden="true" />;
}

/** The communities; undefined while they are asked for, none where they do not come. */
function useAreas(connection: Connection): readonly Feature[] | undefined {
  const [areas, set] = useState<readonly Feature[] | undefined>(undefined);
  useEffect(() => {
    let ended = false;
    const none = (): void => {
      if (!ended) set([]);
    };
    if (!connection.sees(LAYER)) none();
    else {
      connection.client.json(`/collections/${LAYER}/items?properties=code,name&limit=200`).then((body) => {
        if (!ended) set((body as Partial<FeatureCollection>).features ?? []);
      }, none);
    }
    return () => {
      ended = true;
    };
  }, []);
  return areas;
}

/** What the map is about to show; undefined where it does not look straight down. */
function sheetOf(style: StyleSpecification, { center, zoom, bearing, pitch, bounds }: Partial<MapOptions>, width: number, height: number): Sheet | undefined {
  if (bearing || pitch) return undefined;
  if (Array.isArray(bounds)) {
    const [w, s, e, n] = bounds.flat() as number[];
    return fitSheet([[w ?? 0, s ?? 0], [e ?? 0, n ?? 0]], width, height, { top: 32, right: 32, bottom: 32, left: 32 }, 1);
  }
  const [lon, lat] = (Array.isArray(center) ? center : style.center) ?? [];
  const near = zoom ?? style.zoom;
  return lon === undefined || lat === undefined || near === undefined ? undefined : sheetUnder({ lon, lat, zoom: near }, width, height);
}

/** Draws in the colours of the style. */
function draw(context: CanvasRenderingContext2D, sheet: Sheet, style: StyleSpecification, areas: readonly Feature[]): void {
  const color = (layer: string, property: string, otherwise: string): string => {
    const paint: unknown = style.layers.find((l) => l.id === layer)?.paint;
    const value = (paint as Readonly<Record<string, unknown>> | undefined)?.[property];
    return typeof value === 'string' ? value : otherwise;
  };
  context.fillStyle = color('background', 'background-color', '#888');
  context.fillRect(0, 0, sheet.width, sheet.height);
  trace(context, sheet, areas);
  context.fillStyle = color('subdistricts-fill', 'fill-color', '#aaa');
  context.fill('evenodd');
  context.strokeStyle = color('communities-line', 'line-color', '#444');
  context.lineWidth = 1.8;
  context.stroke();
  const lettering = { size: NAME_PX, color: color('communities-label', 'text-color', '#222'), halo: color('communities-label', 'text-halo-color', '#fff') };
  for (const area of areas) letter(context, sheet, area, String(area.properties?.['name'] ?? ''), lettering);
}
