// The figures of /analytics/kpi: what they are, and how they are written.

import type { Client } from '../service/client';
import { count, type Lang } from '../words/format';
import { queryOf, readFilter, type Filter } from './filter';
import { arr, num, obj, str, titles, type Titles } from './schema';
import { say } from './words';

/** A figure in one window; null is not known. */
export interface Point {
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
}

/** A figure beside its baseline. */
export interface Kpi extends Point {
  readonly id: string;
  readonly title: Titles;
  /** %, d, h, or count. */
  readonly unit: string;
  readonly baseline: Point;
  readonly change: { readonly absolute: number | null; readonly relative: number | null; readonly points: number | null };
  /** Which way it should go: up, down, or "". */
  readonly better: string;
  readonly formula: Titles;
  /** Why something is not known; "" where everything is. */
  readonly reason: Titles;
  /** It rests on so few records that it may be chance. */
  readonly small: boolean;
  /** The address of the records that it counts, "" where there is none. */
  readonly records: string;
}

/** The figures of a period, whole and area by area. */
export interface Kpis {
  readonly period: string;
  readonly baseline: string;
  readonly kpis: readonly Kpi[];
  readonly areas: readonly { readonly code: string; readonly name: string; readonly kpis: readonly Kpi[] }[];
}

/** What figures are asked for; no period is the service's usual one. */
export interface KpiRequest {
  readonly filter: Filter;
  readonly versus: string | undefined;
  readonly by?: string | undefined;
  readonly id?: string | undefined;
}

/** The address of figures. The window of the filter is their period. */
export function kpiPath({ filter, versus, by, id }: KpiRequest): string {
  const query = queryOf(filter, 'datetime');
  if (filter.datetime) query.set('period', filter.datetime);
  if (versus) query.set('baseline', versus);
  if (by) query.set('by', by);
  if (id) query.set('id', id);
  return `/analytics/kpi?${query}`;
}

/** Asks for figures. */
export async function askKpis(client: Client, request: KpiRequest, signal: AbortSignal): Promise<Kpis> {
  return readKpis(await client.json(kpiPath(request), { signal }));
}

/** Reads figures. */
export function readKpis(body: unknown): Kpis {
  const b = obj(body);
  return {
    period: windowText(b['period']),
    baseline: windowText(b['baseline']),
    kpis: arr(b['kpis']).map(readKpi),
    areas: arr(b['areas']).map((a) => ({ code: str(obj(a)['code']), name: str(obj(a)['name']), kpis: arr(obj(a)['kpis']).map(readKpi) })),
  };
}

const windowText = (v: unknown): string => [obj(v)['start'], obj(v)['end']].map((t) => str(t).slice(0, 10)).join('/');

const point = (v: unknown): Point => {
  const p = obj(v);
  return { value: num(p['value']) ?? null, numerator: num(p['numerator']) ?? 0, denominator: num(p['denominator']) ?? 0 };
};

function readKpi(v: unknown): Kpi {
  const k = obj(v);
  const change = obj(k['change']);
  const of = (name: string): number | null => num(change[name]) ?? null;
  return {
    ...point(k),
    id: str(k['id']),
    title: titles(k['title'], str(k['id'])),
    unit: str(k['unit']),
    baseline: point(k['baseline']),
    change: { absolute: of('absolute'), relative: of('relative'), points: of('points') },
    better: str(k['better']),
    formula: titles(k['formula']),
    reason: titles(k['reason']),
    small: k['small'] === true,
    records: str(k['records']),
  };
}

/** The filter that the address of records says; undefined where it is none of events. */
export function recordsFilter(records: string): { layer: string; filter: Filter } | undefined {
  const [path = '', query = ''] = records.split('?');
  const layer = /^\/collections\/([^/]+)\/items$/.exec(path)?.[1];
  if (layer === undefined) return undefined;
  const words = new URLSearchParams();
  for (const [name, is] of new URLSearchParams(query)) words.append(['datetime', 'scope', 'within'].includes(name) ? name : `f.${name}`, is);
  return { layer: decodeURIComponent(layer), filter: readFilter(words) };
}

/** A value in its unit. */
export function valueWords(value: number | null, unit: string, lang: Lang): string {
  if (value === null) return '—';
  switch (unit) {
    case '%':
      return `${value.toFixed(2)} %`;
    case 'd':
      return `${value.toFixed(2)} ${say(lang, 'days')}`;
    case 'h':
      return `${Number.isInteger(value) ? value : value.toFixed(2)} ${say(lang, 'hours')}`;
    default:
      return Number.isInteger(value) ? count(value) : value.toFixed(3);
  }
}

/** A number with its sign: +1.20, −0.30, ±0. */
export const signed = (n: number, decimals: number): string => `${n > 0 ? '+' : n < 0 ? '−' : '±'}${Math.abs(n).toFixed(decimals)}`;

/** A change: +86.21 %, for shares in percentage points too, for times in their unit too. */
export function changeText(kpi: Kpi, lang: Lang): string {
  const { absolute, relative, points } = kpi.change;
  const parts = [
    ...(points !== null ? [say(lang, 'points2', { n: signed(points, 2) })] : absolute !== null ? [absoluteText(absolute, kpi.unit, lang)] : []),
    ...(relative !== null ? [`${signed(relative, 2)} %`] : []),
  ];
  return parts.length === 0 ? '—' : parts.join(' · ');
}

function absoluteText(n: number, unit: string, lang: Lang): string {
  if (unit === 'd' || unit === 'h') return `${signed(n, 2)} ${say(lang, unit === 'd' ? 'days' : 'hours')}`;
  return signed(n, Number.isInteger(n) ? 0 : 3);
}

/** Whether a change is good, bad, or neither. */
export function verdict({ better, change }: Pick<Kpi, 'better' | 'change'>): 'good' | 'bad' | 'none' {
  const by = change.absolute ?? 0;
  if (better === '' || by === 0) return 'none';
  return by > 0 === (better === 'up') ? 'good' : 'bad';
}

/** A headline of a report: one figure, seen as growth, points, time saved or speed-up. */
export interface Headline {
  readonly id: string;
  readonly title: Titles;
  readonly text: string;
  readonly more: string;
}

/** The five headlines: growth of complaints filed and of own finds, the rate solved on the spot, time saved, speed-up. */
export function headlines(all: readonly Kpi[], lang: Lang): Headline[] {
  const kpi = (id: string): Kpi | undefined => all.find((k) => k.id === id);
  const percent = (n: number | null | undefined): string => (n === null || n === undefined ? '—' : `${signed(n, 2)} %`);
  const fromTo = (k: Kpi): string => `${valueWords(k.baseline.value, k.unit, lang)} → ${valueWords(k.value, k.unit, lang)}`;
  const [complaints, found, spot, mean] = [kpi('complaints_filed'), kpi('active_discoveries'), kpi('on_spot_rate'), kpi('handling_mean')];
  const saved = mean?.change.absolute;
  return [
    ...(complaints ? [{ id: complaints.id, title: { zh: '投诉立案增长', en: 'Complaints filed' }, text: percent(complaints.change.relative), more: fromTo(complaints) }] : []),
    ...(found ? [{ id: found.id, title: { zh: '主动发现增长', en: 'Found by ourselves' }, text: percent(found.change.relative), more: fromTo(found) }] : []),
    ...(spot ? [{ id: spot.id, title: { zh: '即时办结率', en: 'Solved on the spot' }, text: percent(spot.change.relative), more: `${fromTo(spot)} (${say(lang, 'points2', { n: spot.change.points === null ? '—' : signed(spot.change.points, 2) })})` }] : []),
    ...(mean ? [{ id: mean.id, title: { zh: '均时提效', en: 'Time saved' }, text: saved === null || saved === undefined ? '—' : `${(-saved).toFixed(2)} ${say(lang, 'days')}`, more: fromTo(mean) }] : []),
    ...(mean ? [{ id: mean.id, title: { zh: '提速', en: 'Speed-up' }, text: mean.change.relative === null ? '—' : `${(-mean.change.relative).toFixed(2)} %`, more: fromTo(mean) }] : []),
  ];
}
