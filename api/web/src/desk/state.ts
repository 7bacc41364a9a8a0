// The state of the page in its address: #lang=en&event=12000&k=3&severity=high,critical&view=15.20/30.56700/114.30800/0/0

import { formatCamera, parseCamera, type Camera } from '../map/camera';
import type { Codec } from '../ui/address';
import type { CommonState } from '../ui/shell';
import { readTheme } from '../ui/theme';
import { list, oneOf, present, whole, written } from '../ui/words';
import { LANGS } from '../words/format';

/** Which events of the queue are shown: all, those that nobody was sent to, those that somebody was. */
export const GROUPS = ['all', 'waiting', 'sent'] as const;

/** One of the groups. */
export type Group = (typeof GROUPS)[number];

/** A position in degrees: longitude, latitude. */
export type Place = readonly [number, number];

/** What the address can say; what it does not say is left to the defaults. */
export interface State extends CommonState {
  readonly view?: Camera;
  /** The event that is looked at, by its id. */
  readonly event?: number;
  /** The place that is looked at, where no event is. */
  readonly at?: Place;
  /** The level of what happens at that place, 1 to 5. */
  readonly level?: number;
  /** How many candidates are asked for. */
  readonly k?: number;
  /** The severities that the queue shows; absent: all. */
  readonly severity?: readonly string[];
  readonly group?: Group;
  /** The code of the community that the queue shows. */
  readonly area?: string;
  /** An event is being entered. */
  readonly entering?: boolean;
}

/** How many candidates are asked for where the address says nothing, and at most: each has a key. */
export const USUAL_K = 5;
export const MOST_K = 9;

/** The level of a place where the address says none. */
export const USUAL_LEVEL = 2;

/** How it is written. */
export const codec: Codec<State> = {
  read(words) {
    const event = whole(words.get('event'), 1);
    const severity = list(words.get('severity'))?.filter((s) => /^[a-z_]{1,40}$/.test(s));
    return present<State>({
      lang: oneOf(LANGS, words.get('lang')),
      theme: readTheme(words.get('theme')),
      view: parseCamera(words.get('view')),
      event,
      at: event === undefined ? readPlace(words.get('at')) : undefined,
      level: whole(words.get('level'), 1, 5),
      k: whole(words.get('k'), 1, MOST_K),
      severity: severity?.length ? severity : undefined,
      group: oneOf(GROUPS, words.get('group')),
      area: /^\d{12}$/.exec(words.get('area') ?? '')?.[0],
      entering: words.get('new') === '1' ? true : undefined,
    });
  },
  write(state) {
    const { event } = state;
    return written([
      ['lang', state.lang],
      ['theme', state.theme],
      ['event', event],
      ['at', event === undefined ? state.at?.map((x) => x.toFixed(6)) : undefined],
      ['level', event === undefined ? state.level : undefined],
      ['k', state.k === USUAL_K ? undefined : state.k],
      ['severity', state.severity],
      ['group', state.group === 'all' ? undefined : state.group],
      ['area', state.area || undefined],
      ['new', state.entering || undefined],
      ['view', state.view && formatCamera(state.view)],
    ]);
  },
};

/** Reads lon,lat; undefined where it is no position. */
export function readPlace(s: string | null): Place | undefined {
  const [lon, lat, ...more] = (s ?? '').split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (lon === undefined || lat === undefined || more.length > 0) return undefined;
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 85 ? [lon, lat] : undefined;
}
