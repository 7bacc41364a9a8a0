// The state of the wall in its address, behind # so that it never reaches a server or its log.
// #lang=en&scope=420106001005&layers=grids,events&heat=0&mode=rate&level=3&incident=11942&hide=layers&bezels=3x2&view=15.20/30.56700/114.30800/-12/40
// &at=2017-12-04T14:05:00&window=1d&speed=3600&tour=1&kiosk=1&name=hall&reload=daily

import { formatCamera, parseCamera, type Camera } from '../map/camera';
import type { Codec } from '../ui/address';
import { flag, list, oneOf, present, whole, written } from '../ui/words';
import { LANGS, type Lang } from '../words/format';
import { readKiosk, writeKiosk, type KioskWords } from './kiosk';
import { readPlayback, writePlayback, type PlaybackWords } from './playback';

/** How areas are painted: not at all, by rate of events, by their number as height, as hexagons. */
export const MODES = ['rate', 'towers', 'hexagons'] as const;

/** One of the ways. */
export type Mode = (typeof MODES)[number];

/** How many screens a wall is spliced of. */
export interface Bezels {
  readonly columns: number;
  readonly rows: number;
}

/** What the address of the wall can say; what it does not say is undefined and left to the defaults. */
export interface WallState extends PlaybackWords, KioskWords {
  readonly lang?: Lang | undefined;
  /** The code of the area that everything is narrowed to. */
  readonly scope?: string | undefined;
  /** Layers that are shown; all others are not. */
  readonly layers?: readonly string[] | undefined;
  readonly heat?: boolean | undefined;
  readonly mode?: Mode | undefined;
  /** The level (1 to 5) that the list of events is narrowed to. */
  readonly level?: number | undefined;
  /** The event that fills the wall. */
  readonly incident?: number | undefined;
  /** The indicator that is explained, and its records listed. */
  readonly kpi?: string | undefined;
  /** The filter of the events that are listed. */
  readonly records?: string | undefined;
  /** Whether the layers lie open over the map, where no column has room for them. */
  readonly menu?: boolean | undefined;
  /** Panels that are folded away; "all" leaves the map alone. */
  readonly hide?: readonly string[] | undefined;
  readonly bezels?: Bezels | undefined;
  /** Whether an alarm is heard. */
  readonly sound?: boolean | undefined;
  /** Whether the wall goes from stop to stop by itself. */
  readonly tour?: true | undefined;
  readonly view?: Camera | undefined;
}

const MOST_SCREENS = 12;
const MOST_FILTER = 2000;

/** Reads and writes it. What cannot be read is left out. */
export const codec: Codec<WallState> = {
  read(words) {
    return present<WallState>({
      lang: oneOf(LANGS, words.get('lang')),
      scope: /^\d{6,20}$/.exec(words.get('scope') ?? '')?.[0],
      layers: list(words.get('layers')),
      heat: flag(words.get('heat')),
      mode: oneOf(MODES, words.get('mode')),
      level: whole(words.get('level'), 1, 5),
      incident: whole(words.get('incident')),
      kpi: /^\w+$/.exec(words.get('kpi') ?? '')?.[0],
      records: words.get('records')?.slice(0, MOST_FILTER) || undefined,
      menu: flag(words.get('menu')),
      hide: list(words.get('hide')),
      bezels: readBezels(words.get('bezels')),
      sound: flag(words.get('sound')),
      tour: words.get('tour') === '1' ? true : undefined,
      view: parseCamera(words.get('view')),
      ...readPlayback(words),
      ...readKiosk(words),
    });
  },
  write(state) {
    return written([
      ['lang', state.lang],
      ['scope', state.scope],
      ['layers', state.layers],
      ['heat', state.heat],
      ['mode', state.mode],
      ['level', state.level],
      ['incident', state.incident],
      ['kpi', state.kpi],
      ['records', state.records],
      ['menu', state.menu],
      ['hide', state.hide],
      ['bezels', state.bezels && `${state.bezels.columns}x${state.bezels.rows}`],
      ['sound', state.sound],
      ['tour', state.tour],
      ...writePlayback(state),
      ...writeKiosk(state),
      ['view', state.view && formatCamera(state.view)],
    ]);
  },
};

function readBezels(text: string | null): Bezels | undefined {
  const match = /^(\d{1,2})x(\d{1,2})$/.exec(text ?? '');
  const [columns, rows] = [Number(match?.[1]), Number(match?.[2])];
  return columns >= 1 && rows >= 1 && columns <= MOST_SCREENS && rows <= MOST_SCREENS ? { columns, rows } : undefined;
}
