// How the map shows the layer at the moment: what is drawn, and the legend of it.

import type { FeatureCollection } from 'geojson';
import type { Overlay } from '../map/live';
import { askGroups } from './ask';
import { queryOf, type Filter } from './filter';
import { askCells, askLegend, heatQuery, hexagonSize, type HeatLegend, type HeatRequest } from './heat';
import { useKpiAreas } from './kpiareas';
import { valueWords } from './kpis';
import { legendNumber, type LegendText } from './legend';
import { areasOverlay, cellsOverlay, CODE_COLORS, codeColors, heatOverlay, INK, pointsOverlay } from './overlay';
import { baselineOf, readWindow, writeWindow } from './period';
import { facetFields, type Field } from './schema';
import { classesOf, NOTHING as NOTHING_COLOR, FEW_HOUSEHOLDS, FEW_RECORDS, RAMPS, shadesOf, type Shade } from './shade';
import type { MapMode, Per } from './state';
import { useAnswer } from './use';
import { keyOf, type View } from './view';
import { say, type Word } from './words';

/** What the map shows. */
export interface Shading {
  readonly overlay: Overlay | undefined;
  readonly cells?: FeatureCollection | undefined;
  readonly legend: LegendText | undefined;
  readonly error?: string | undefined;
}

/** The words of the measures, and their units. */
export const PER_WORDS = { count: 'count', 'ha-week': 'perHaWeek', '1000-households': 'perHouseholds' } as const satisfies Record<Per, Word>;
const UNIT_WORDS = { count: 'countUnit', 'ha-week': 'haWeekUnit', '1000-households': 'householdsUnit' } as const satisfies Record<Per, Word>;

/** How the map can show a layer: only points have heat, only what belongs to areas is counted by them. */
export function modesOf({ layer }: Pick<View, 'layer'>): readonly MapMode[] {
  const areas = layer.fields.some((f) => f.name === 'community');
  return ['points', ...(layer.geometry === 'point' ? (['heat', 'hexagons'] as const) : []), ...(areas ? (['areas'] as const) : [])];
}

/** How the map shows the layer. */
export function modeOf(view: Pick<View, 'layer' | 'state'>): MapMode {
  const wanted = view.state.map ?? 'points';
  return modesOf(view).includes(wanted) ? wanted : 'points';
}

/** The filter with the whole of the data as its window where it has none: a rate per week needs one. */
export function windowed({ state, extent }: Pick<View, 'state' | 'extent'>): Filter {
  return state.filter.datetime || !extent ? state.filter : { ...state.filter, datetime: writeWindow({ from: extent.first, to: extent.last }) };
}

/** Works out what the map shows. */
export function useShading(view: View, zoom: number): Shading {
  const mode = modeOf(view);
  const points = usePoints(view, mode === 'points');
  const heat = useHeat(view, mode === 'heat');
  const hexagons = useHexagons(view, mode === 'hexagons', zoom);
  const kpi = view.state.kpi !== undefined && view.layer.id === 'events';
  const areas = useAreaCounts(view, mode === 'areas' && !kpi);
  const figures = useAreaFigures(view, mode === 'areas' && kpi);
  return { points, heat, hexagons, areas: kpi ? figures : areas }[mode];
}

const NOTHING: Shading = { overlay: undefined, legend: undefined };

/** The field that colours the points: the first that has few codes and is in the tiles. */
export const colorField = (view: Pick<View, 'layer'>): Field | undefined => facetFields(view.layer).find((f) => f.inTiles && f.codes.size > 1 && f.codes.size <= CODE_COLORS.length);

function usePoints(view: View, on: boolean): Shading {
  if (!on || view.layer.geometry === 'none') return NOTHING;
  const { lang, layer, state, theme } = view;
  const field = colorField(view);
  const codes = field ? [...field.codes] : [];
  const paint = field && codeColors(field.name, codes.map(([code]) => code));
  const lines = codes.map(([, title], i) => ({ color: CODE_COLORS[i] ?? '#999999', text: title[lang], round: layer.geometry === 'point' }));
  return {
    overlay: pointsOverlay(layer, queryOf(state.filter).toString(), theme, location.origin, paint),
    legend: {
      title: layer.title[lang],
      unit: field?.title[lang] ?? '',
      lines: lines.length > 0 ? lines : [{ color: INK[theme].point, text: layer.title[lang], round: true }],
      ...(layer.geometry === 'point' ? { note: say(lang, 'cluster') } : {}),
    },
  };
}

function heatRequest(view: View): HeatRequest {
  const per = view.state.per ?? 'count';
  const filter = per === 'ha-week' ? windowed(view) : view.state.filter;
  const baseline = view.state.diff ? baselineOf(view.state.versus, readWindow(filter.datetime)) : undefined;
  return { filter, per, compare: baseline && writeWindow(baseline), lang: view.lang };
}

function heatText({ lang, layer }: View, legend: HeatLegend, request: HeatRequest): LegendText {
  const title = request.compare ? `${say(lang, 'thisPeriod')} − ${say(lang, 'basePeriod')}` : layer.title[lang];
  const lines = [...legend.stops].reverse().map((s) => ({ color: s.value === 0 && request.compare ? 'transparent' : s.color, text: legendNumber(s.value) }));
  return { title, unit: legend.unit, lines, ...(legend.smallHouseholds > 0 ? { note: say(lang, 'smallHouseholds', { h: legend.smallHouseholds }) } : {}) };
}

function useHeat(view: View, on: boolean): Shading {
  const request = heatRequest(view);
  const query = heatQuery(request).toString();
  const legend = useAnswer(on ? keyOf(view, 'legend', query) : undefined, (signal) => askLegend(view.client, view.layer.id, request, signal));
  if (!on || legend.error !== undefined) return { ...NOTHING, error: legend.error };
  return { overlay: heatOverlay(view.layer, query, location.origin), legend: legend.value && heatText(view, legend.value, request) };
}

function useHexagons(view: View, on: boolean, zoom: number): Shading {
  const request = heatRequest(view);
  const size = hexagonSize(zoom);
  const key = on ? keyOf(view, 'cells', heatQuery(request).toString(), size) : undefined;
  const found = useAnswer(key, (signal) => askCells(view.client, view.layer.id, request, size, signal));
  if (!found.value) return { ...NOTHING, error: found.error };
  const text = heatText(view, found.value.legend, request);
  return { overlay: cellsOverlay(found.value.legend.stops), cells: found.value.cells, legend: { ...text, title: `${text.title} · ${size} m` } };
}

function useAreaCounts(view: View, on: boolean): Shading {
  const { lang, state, layer, client, areas } = view;
  const kind = state.area ?? 'community';
  const per = state.per ?? 'count';
  const filter = per === 'ha-week' ? windowed(view) : state.filter;
  const found = useAnswer(on ? keyOf(view, 'areas', kind, queryOf(filter).toString()) : undefined, (signal) => askGroups(client, layer.id, kind, filter, signal));
  if (!found.value) return { ...NOTHING, error: found.error };
  const shades = shadesOf(found.value, kind, areas, { per, window: readWindow(filter.datetime), scope: state.filter.scope });
  return areaShading(view, shades, `${layer.title[lang]} · ${say(lang, kind)}`, say(lang, UNIT_WORDS[per]), legendNumber);
}

function useAreaFigures(view: View, on: boolean): Shading {
  const { lang, state } = view;
  const found = useKpiAreas(view, on ? state.kpi : undefined);
  if (!found.value) return { ...NOTHING, error: found.error };
  const figure = found.value.kpis[0];
  const shades: Shade[] = found.value.areas.flatMap(({ code, kpis: [k] }) => (k && code !== '' ? [{ code, value: k.value, small: k.small }] : []));
  return areaShading(view, shades, `${figure?.title[lang] ?? ''} · ${say(lang, state.area ?? 'community')}`, '', (x) => valueWords(x, figure?.unit ?? '', lang));
}

function areaShading(view: View, shades: readonly Shade[], title: string, unit: string, write: (x: number) => string): Shading {
  const { lang, theme, state } = view;
  const classes = classesOf(shades.map((s) => s.value), RAMPS[theme]);
  const lines = [...classes].reverse().map((c) => ({ color: c.color, text: c.from === c.to ? write(c.from) : `${write(c.from)} – ${write(c.to)}` }));
  if (shades.some((s) => s.value === 0)) lines.push({ color: NOTHING_COLOR, text: '0' });
  const note = shades.some((s) => s.small) ? say(lang, 'smallMark', { n: FEW_RECORDS, h: FEW_HOUSEHOLDS }) : undefined;
  return { overlay: areasOverlay(state.area ?? 'community', shades, classes, theme, location.origin), legend: { title, unit, lines, note } };
}

