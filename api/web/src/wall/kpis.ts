// The figures of /analytics/kpi: each beside a baseline, with its formula and the records behind it.

import type { Lang } from '../words/format';

/** The figures that the wall shows: no more than can be read at a glance. */
export const SHOWN_KPIS = ['red_lights', 'reported', 'disposal_on_time', 'closing_on_time', 'active_share', 'on_spot_rate', 'handling_median'] as const;
/** The figures that areas are compared by. */
export const AREA_KPIS = ['per_1000_households', 'reported', 'red_lights'] as const;

/** A text in both languages. */
export type Both = Readonly<Record<Lang, string>>;

/** A figure. Null values are not known, and the reason says why. */
export interface Kpi {
  readonly id: string;
  readonly title: Both;
  readonly unit: string;
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly baseline: number | null;
  /** In percentage points for what is in percent, else in percent of the baseline. */
  readonly change: number | null;
  readonly better: string;
  readonly formula: Both;
  readonly reason: Both;
  /** Whether it rests on too few records. */
  readonly small: boolean;
  /** The address of the records behind it, "" for none. */
  readonly records: string;
}

/** The figures of an area; the code of what lies in none is "". */
export interface AreaKpis {
  readonly code: string;
  readonly name: string;
  readonly kpis: ReadonlyMap<string, Kpi>;
}

/** The figures of a period; from and to are in milliseconds since 1970. */
export interface Kpis {
  readonly from: number;
  readonly to: number;
  readonly kpis: readonly Kpi[];
  readonly areas: readonly AreaKpis[];
}

type Fields = Record<string, unknown>;

const fields = (v: unknown): Fields => (typeof v === 'object' && v !== null ? (v as Fields) : {});
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
const text = (v: unknown): string => (typeof v === 'string' ? v : '');
const number = (v: unknown): number | null => (typeof v === 'number' && Number.isFinite(v) ? v : null);
const both = (v: unknown): Both => ({ zh: text(fields(v)['zh']), en: text(fields(v)['en']) });

/** The question for the figures of an area; by adds the areas in it. */
export function kpiPath(ids: readonly string[], scope?: string, by?: 'community' | 'zone' | 'grid'): string {
  return `/analytics/kpi?baseline=previous&id=${ids.join(',')}${scope ? `&scope=${scope}` : ''}${by ? `&by=${by}` : ''}`;
}

/** Reads the answer. */
export function readKpis(body: unknown): Kpis {
  const b = fields(body);
  const period = fields(b['period']);
  return {
    from: Date.parse(text(period['start'])),
    to: Date.parse(text(period['end'])),
    kpis: list(b['kpis']).map(readKpi),
    areas: list(b['areas']).map((entry) => {
      const area = fields(entry);
      return { code: text(area['code']), name: text(area['name']), kpis: new Map(list(area['kpis']).map((k) => [text(fields(k)['id']), readKpi(k)])) };
    }),
  };
}

function readKpi(v: unknown): Kpi {
  const k = fields(v);
  const unit = text(k['unit']);
  const change = fields(k['change']);
  return {
    id: text(k['id']),
    title: both(k['title']),
    unit,
    value: number(k['value']),
    numerator: number(k['numerator']) ?? 0,
    denominator: number(k['denominator']) ?? 0,
    baseline: number(fields(k['baseline'])['value']),
    change: number(change[unit === '%' ? 'points' : 'relative']),
    better: text(k['better']),
    formula: both(k['formula']),
    reason: both(k['reason']),
    small: k['small'] === true,
    records: text(k['records']),
  };
}

/** How a value is written, and its unit beside it. */
export function kpiText(value: number | null, unit: string, lang: Lang): readonly [string, string] {
  if (value === null) return ['—', ''];
  const units: Readonly<Record<string, Both>> = { '%': { zh: '%', en: '%' }, d: { zh: '天', en: 'd' }, h: { zh: '小时', en: 'h' }, count: { zh: '', en: '' } };
  const digits = unit === 'count' && Number.isInteger(value) ? 0 : unit === '%' ? 1 : 2;
  return [value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }), units[unit]?.[lang] ?? unit];
}

/** Whether a change is for the better; "even" where there is none or nobody can say. */
export function trendOf({ change, better }: Kpi): 'good' | 'bad' | 'even' {
  if (change === null || Math.abs(change) < 0.05 || better === '') return 'even';
  return change > 0 === (better === 'up') ? 'good' : 'bad';
}
