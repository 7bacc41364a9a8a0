// The picture that stands in for the map until its first frame is complete, and where a browser has no WebGL; kept fresh by the stream.

import { computed, effect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Feature } from 'geojson';
import { readPage, valueText, type Item } from '../service/data';
import { HEAT } from '../map/style';
import { Asked } from './asked';
import { OPEN } from './figures';
import type { Insets } from './map';
import { fitSheet } from '../map/sheet';
import { drawPicture, heatTiles, type PictureContent, type PictureSign, type PictureTile } from './picture';
import { word } from './remotewords';
import type { Wall } from './wall';
import { signOf } from './wording';

/** The heat is fetched again after changes, but not more often. */
const HEAT_EVERY_MS = 15_000;
const REDRAW_MS = 400;

type Drawn = { readonly tile: PictureTile; readonly image: ImageBitmap };

/** What the picture is given. */
interface PictureProps {
  readonly wall: Wall;
  /** Measures what the panels take of the window. */
  margins(): Insets;
  /** Whether it stays, as there is no map to come: then it has heat, and says what it is. */
  readonly alone: boolean;
  /** Called when it is first on the screen. */
  painted(): void;
}

/** The picture. */
export function Picture({ wall, margins, alone, painted }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const events = useMemo(() => eventsOf(wall), [wall]);
  useEffect(() => () => events.close(), [events]);
  useEffect(() => (canvas.current ? keep(wall, canvas.current, events, { margins, heated: alone, painted }) : undefined), [wall, alone]);
  const lang = wall.lang.value;
  return (
    <div class="picture">
      <canvas ref={canvas} role="img" aria-label={word(lang, 'picture', { n: events.shown.value.length })} />
      {alone && (
        <p class="picture-note" role="alert">
          {word(lang, 'pictureNote')}
        </p>
      )}
    </div>
  );
}

const OPEN_EVENTS = `/collections/events/items?limit=10000&properties=severity&${new URLSearchParams(OPEN).toString()}`;

/** What the picture shows of events. */
interface Events {
  /** The open ones, of now or of the moment that is played. */
  readonly shown: ReadonlySignal<readonly Item[]>;
  /** Asks again soon. */
  soon(): void;
  /** Asks no more. */
  close(): void;
}

function eventsOf(wall: Wall): Events {
  const { playback } = wall.drives;
  const sees = computed(() => wall.connection.collections.value.some((c) => c.id === 'events'));
  const asked = new Asked(computed(() => (sees.value ? OPEN_EVENTS : undefined)), wall.connection.epoch, async (path) => readPage(await wall.connection.client.json(path)).items);
  const shown = computed(() => (playback.on.value ? (playback.open.value?.map((e) => e.item) ?? []) : (asked.value.value ?? [])));
  return { shown, soon: () => asked.soon(), close: () => asked.close() };
}

/** Draws the picture again whenever what it shows has changed; the function returned ends that. */
function keep(wall: Wall, canvas: HTMLCanvasElement, events: Events, { margins, heated, painted }: { margins(): Insets; heated: boolean; painted(): void }): () => void {
  let heat: readonly Drawn[] = [];
  let heatAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let first = true;
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
    }, first ? 0 : REDRAW_MS);
  };
  const draw = (): void => {
    const sheet = fitSheet(outlineOf(wall), window.innerWidth, window.innerHeight, margins());
    if (!sheet) return;
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(sheet.width * ratio);
    canvas.height = Math.round(sheet.height * ratio);
    const context = canvas.getContext('2d');
    if (!context) return;
    context.scale(ratio, ratio);
    drawPicture(context, sheet, contentOf(wall, events.shown.peek(), heat), sheet.height / 72);
    canvas.dataset['events'] = String(events.shown.peek().length);
    canvas.dataset['heat'] = String(heat.length);
    if (first) requestAnimationFrame(() => setTimeout(painted)); // after the frame that shows it
    first = false;
    if (!heated || performance.now() - heatAt < HEAT_EVERY_MS) return;
    heatAt = performance.now();
    void fetchHeat(wall, heatTiles(sheet)).then((tiles) => {
      if (ended) tiles.forEach((t) => t.image.close());
      if (ended) return;
      heat.forEach((t) => t.image.close());
      heat = tiles;
      draw();
    });
  };
  const again = (): void => {
    heatAt = -Infinity;
    soon();
  };
  window.addEventListener('resize', again);
  const ends = [
    effect(() => {
      void [events.shown.value, wall.facts.shapes.value, wall.drawn.value, wall.lang.value];
      soon();
    }),
    effect(() => {
      void [wall.scope.value, wall.isShown(HEAT), wall.isShown('events'), wall.connection.joined.value];
      again();
    }),
    wall.connection.follow((changes) => {
      if (changes.some((c) => c.layer === 'events')) events.soon();
      soon();
    }),
  ];
  return () => {
    ended = true;
    clearTimeout(timer);
    window.removeEventListener('resize', again);
    ends.forEach((end) => end());
    heat.forEach((t) => t.image.close());
  };
}

function outlineOf(wall: Wall): readonly (readonly [number, number])[] {
  return (wall.scope.peek() ?? wall.facts.areas.peek().root)?.item.positions ?? [];
}

function contentOf(wall: Wall, events: readonly Item[], heat: readonly Drawn[]): PictureContent {
  const shapes = (layer: 'communities' | 'grids'): Feature[] =>
    wall.facts.areas.peek().of(layer).flatMap((area) => wall.facts.shapes.peek().get(area.code) ?? []);
  return { heat, grids: shapes('grids'), communities: shapes('communities'), signs: wall.isShown('events') || wall.drives.playback.on.peek() ? events.flatMap((item) => signFor(wall, item)) : [] };
}

function signFor(wall: Wall, item: Item): PictureSign[] {
  if (!item.point) return [];
  const severity = valueText(item, 'severity');
  const { shape, color } = signOf(wall, severity);
  return [{ point: item.point, shape, color, rank: ['low', 'moderate', 'high', 'critical'].indexOf(severity) + 1 }];
}

/** Fetches tiles of heat; what does not come is left out and asked for again with the next picture. */
async function fetchHeat(wall: Wall, tiles: readonly PictureTile[]): Promise<readonly Drawn[]> {
  if (!wall.isShown(HEAT) || !wall.connection.sees('events')) return [];
  const all = await Promise.all(
    tiles.map(async (tile): Promise<Drawn[]> => {
      try {
        const response = await wall.connection.client.get(tile.path);
        return [{ tile, image: await createImageBitmap(await response.blob()) }];
      } catch {
        return [];
      }
    }),
  );
  return all.flat();
}
