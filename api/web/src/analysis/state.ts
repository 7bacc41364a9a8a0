// The state of the page in its address: #layer=events&f.level=3,4&datetime=2017-11-01/2017-11-30&tab=charts&map=heat

import { formatCamera, parseCamera, type Camera } from '../map/camera';
import type { Codec } from '../ui/address';
import type { CommonState } from '../ui/shell';
import { readTheme } from '../ui/theme';
import { list, oneOf, whole, written } from '../ui/words';
import { LANGS } from '../words/format';
import { EVERYTHING, readFilter, writeFilter, type Filter } from './filter';
import { AREA_FIELDS, type AreaField } from './schema';

/** What stands beside the map. */
export const TABS = ['table', 'charts', 'compare', 'kpi'] as const;
/** One of them. */
export type Tab = (typeof TABS)[number];

/** How the map shows the layer. */
export const MAP_MODES = ['points', 'heat', 'hexagons', 'areas'] as const;
/** One of them. */
export type MapMode = (typeof MAP_MODES)[number];

/** What heat, hexagons and areas measure. */
export const MEASURES = ['count', 'ha-week', '1000-households'] as const;
/** One of them. */
export type Per = (typeof MEASURES)[number];

/** What the address can say; what it does not say is left to the defaults. */
export interface State extends CommonState {
  readonly view?: Camera | undefined;
  readonly layer?: string | undefined;
  readonly filter: Filter;
  readonly tab?: Tab | undefined;
  readonly sort?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  /** The cursor of the page of the table, and its number from 1. */
  readonly after?: string | undefined;
  readonly page?: number | undefined;
  /** The feature that is looked at. */
  readonly id?: number | undefined;
  readonly map?: MapMode | undefined;
  readonly per?: Per | undefined;
  readonly area?: AreaField | undefined;
  /** The map shows the difference of the two periods. */
  readonly diff?: boolean | undefined;
  /** What the period is compared with: previous, year, or a window. */
  readonly versus?: string | undefined;
  /** What the comparison is by. */
  readonly by?: string | undefined;
  /** The fields of the charts. */
  readonly charts?: readonly string[] | undefined;
  /** The facets that are open. */
  readonly facets?: readonly string[] | undefined;
  /** The KPI that is looked at. */
  readonly kpi?: string | undefined;
  /** The number of the last change of the layer when the link was made. */
  readonly seq?: number | undefined;
}

/** How it is written. */
export const codec: Codec<State> = {
  read(words) {
    const lang = oneOf(LANGS, words.get('lang'));
    const theme = readTheme(words.get('theme'));
    return {
      ...(lang ? { lang } : {}),
      ...(theme ? { theme } : {}),
      view: parseCamera(words.get('view')),
      layer: words.get('layer') ?? undefined,
      filter: readFilter(words),
      tab: oneOf(TABS, words.get('tab')),
      sort: words.get('sort') ?? undefined,
      columns: list(words.get('columns')),
      after: words.get('after') ?? undefined,
      page: whole(words.get('page')),
      id: whole(words.get('id')),
      map: oneOf(MAP_MODES, words.get('map')),
      per: oneOf(MEASURES, words.get('per')),
      area: oneOf(AREA_FIELDS, words.get('area')),
      diff: words.get('diff') === '1' || undefined,
      versus: words.get('versus') ?? undefined,
      by: words.get('by') ?? undefined,
      charts: list(words.get('charts')),
      facets: list(words.get('facets')),
      kpi: words.get('kpi') ?? undefined,
      seq: whole(words.get('seq')),
    };
  },
  write(state) {
    const words = written([['lang', state.lang], ['theme', state.theme], ['layer', state.layer]]);
    writeFilter(state.filter, words);
    const rest = (['tab', 'sort', 'columns', 'after', 'page', 'id', 'map', 'per', 'area', 'diff', 'versus', 'by', 'charts', 'facets', 'kpi', 'seq'] as const).map((name) => [name, state[name] || undefined] as const);
    for (const [name, word] of written([...rest, ['view', state.view && formatCamera(state.view)]])) words.set(name, word);
    return words;
  },
};

/** The state of another filter: the table begins anew, and the link is no longer the one that was opened. */
export const refiltered = (filter: Filter): Partial<State> => ({ filter, after: undefined, page: undefined, seq: undefined });

/** The state of another layer: what was of the old one is gone. */
export const relayered = (layer: string): Partial<State> => ({
  ...refiltered(EVERYTHING),
  layer,
  sort: undefined,
  columns: undefined,
  id: undefined,
  by: undefined,
  charts: undefined,
  facets: undefined,
});
