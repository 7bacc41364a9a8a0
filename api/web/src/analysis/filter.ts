// The filter of the page: one plain value, written as an address, as a query of the service, and in words.

import type { Lang } from '../words/format';
import { fieldOf, isAreaField, type Field, type Layer } from './schema';
import { windowWords } from './period';
import { say } from './words';

/** A condition on a field, in the service's grammar: `3,4`, `>=3`, `<>x`, `null()`. Several on one field all hold. */
export interface Term {
  readonly field: string;
  readonly is: string;
}

/** What chooses features of a layer. */
export interface Filter {
  readonly terms: readonly Term[];
  /** An interval such as 2017-11-01/2017-11-30, both days included. */
  readonly datetime?: string | undefined;
  /** The code of an area that the features belong to. */
  readonly scope?: string | undefined;
  /** An area that the features lie in: a code, or a polygon as well-known text, lon/lat degrees. */
  readonly within?: string | undefined;
}

/** The filter that chooses everything. */
export const EVERYTHING: Filter = { terms: [] };

/** The name of an area by its code. */
export type AreaName = (code: string) => string;

/** The query of a filter. Terms of the field `except` are left out, so that a facet can show what else there is. */
export function queryOf(filter: Filter, except?: string): URLSearchParams {
  const query = new URLSearchParams();
  for (const { field, is } of filter.terms) if (field !== except) query.append(field, is);
  if (filter.datetime && except !== 'datetime') query.set('datetime', filter.datetime);
  if (filter.scope && except !== 'scope') query.set('scope', filter.scope);
  if (filter.within && except !== 'within') query.set('within', filter.within);
  return query;
}

/** Writes a filter into the words of an address. */
export function writeFilter(filter: Filter, words: URLSearchParams): void {
  for (const { field, is } of filter.terms) words.append(`f.${field}`, is);
  if (filter.datetime) words.set('datetime', filter.datetime);
  if (filter.scope) words.set('scope', filter.scope);
  if (filter.within) words.set('within', filter.within);
}

/** Reads a filter from the words of an address. */
export function readFilter(words: URLSearchParams): Filter {
  const terms = [...words].flatMap(([name, is]) => (name.startsWith('f.') && is !== '' ? [{ field: name.slice(2), is }] : []));
  const [datetime, scope, within] = ['datetime', 'scope', 'within'].map((name) => words.get(name) || undefined);
  return { terms, ...(datetime ? { datetime } : {}), ...(scope ? { scope } : {}), ...(within ? { within } : {}) };
}

const COMPARED = /^(>=|<=|<>|>|<)(.*)$/s;
const plain = (is: string): boolean => is !== 'null()' && !is.startsWith('null()|') && !COMPARED.test(is);

/** The values that a field may have, [] where every value may be. */
export function valuesOf(filter: Filter, field: string): readonly string[] {
  const term = filter.terms.find((t) => t.field === field && plain(t.is));
  return term ? term.is.split(',') : [];
}

/** Whether a value of a field is chosen; null is nothing. */
export const chosen = (filter: Filter, field: string, value: string | null): boolean =>
  value === null ? filter.terms.some((t) => t.field === field && t.is === 'null()') : valuesOf(filter, field).includes(value);

/** Chooses a value of a field, or takes the choice back. Choosing nothing (null) excludes values, and the other way round. */
export function toggle(filter: Filter, field: string, value: string | null): Filter {
  const others = filter.terms.filter((t) => t.field !== field || (t.is !== 'null()' && !plain(t.is)));
  if (value === null) return { ...filter, terms: chosen(filter, field, null) ? others : [...others, { field, is: 'null()' }] };
  const before = valuesOf(filter, field);
  const values = before.includes(value) ? before.filter((v) => v !== value) : [...before, value];
  return { ...filter, terms: values.length === 0 ? others : [...others, { field, is: values.join(',') }] };
}

/** The ends of the range of a field as texts, "" for open. */
export function rangeOf(filter: Filter, field: string): readonly [string, string] {
  const end = (op: string): string => filter.terms.find((t) => t.field === field && t.is.startsWith(op))?.is.slice(2) ?? '';
  return [end('>='), end('<=')];
}

/** Sets the range of a field; "" leaves an end open. */
export function withRange(filter: Filter, field: string, least: string, most: string): Filter {
  const others = filter.terms.filter((t) => t.field !== field || !/^[<>]=/.test(t.is));
  const ends = [...(least === '' ? [] : [{ field, is: `>=${least}` }]), ...(most === '' ? [] : [{ field, is: `<=${most}` }])];
  return { ...filter, terms: [...others, ...ends] };
}

/** Sets the only value of a field; "" takes the condition away. */
export function withValue(filter: Filter, field: string, value: string): Filter {
  const others = filter.terms.filter((t) => t.field !== field);
  return { ...filter, terms: value === '' ? others : [...others, { field, is: value }] };
}

/** A part of the filter in words, and the filter without it. */
export interface Chip {
  readonly key: string;
  readonly text: string;
  readonly without: Filter;
}

/** The parts of a filter in words. */
export function chipsOf(filter: Filter, layer: Layer | undefined, areaName: AreaName, lang: Lang): Chip[] {
  const chips: Chip[] = filter.terms.map((term, i) => ({
    key: `${i} ${term.field}`,
    text: termWords(term, fieldOf(layer, term.field), areaName, lang),
    without: { ...filter, terms: filter.terms.filter((t) => t !== term) },
  }));
  const { datetime, scope, within } = filter;
  if (datetime) chips.push({ key: 'datetime', text: windowWords(datetime), without: { ...filter, datetime: undefined } });
  if (scope) chips.push({ key: 'scope', text: say(lang, 'scopeChip', { name: areaName(scope) }), without: { ...filter, scope: undefined } });
  if (within) chips.push({ key: 'within', text: withinWords(within, areaName, lang), without: { ...filter, within: undefined } });
  return chips;
}

/** A filter in one sentence. */
export function sentence(filter: Filter, layer: Layer | undefined, areaName: AreaName, lang: Lang): string {
  const parts = chipsOf(filter, layer, areaName, lang).map((c) => c.text);
  return parts.length === 0 ? say(lang, 'everything') : parts.join(lang === 'zh' ? ';' : '; ');
}

function withinWords(within: string, areaName: AreaName, lang: Lang): string {
  if (/^\d+$/.test(within)) return say(lang, 'withinChip', { name: areaName(within) });
  return say(lang, 'drawnChip', { n: Math.max(0, within.split(',').length - 1) });
}

const SIGNS: Readonly<Record<string, string>> = { '>=': '≥', '<=': '≤', '<>': '≠', '>': '>', '<': '<' };

function termWords({ field, is }: Term, known: Field | undefined, areaName: AreaName, lang: Lang): string {
  const title = known?.title[lang] ?? field;
  const value = (v: string): string => valueWords(v, known, field, areaName, lang);
  if (is === 'null()') return `${title} ${say(lang, 'isNull')}`;
  if (is === '<>null()') return `${title} ${say(lang, 'isNotNull')}`;
  const either = is.startsWith('null()|') ? ` ${say(lang, 'orNull')}` : '';
  const rest = is.replace(/^null\(\)\|/, '');
  const [, op, end] = COMPARED.exec(rest) ?? [];
  if (op === undefined || end === undefined) return `${title} ${rest.split(',').map(value).join(lang === 'zh' ? '、' : ', ')}${either}`;
  const other = /^field\((.+)\)$/.exec(end)?.[1];
  return `${title} ${SIGNS[op] ?? op} ${other === undefined ? value(end) : other}${known?.unit && !other ? ` ${known.unit}` : ''}${either}`;
}

function valueWords(v: string, field: Field | undefined, name: string, areaName: AreaName, lang: Lang): string {
  if (isAreaField(name)) return areaName(v);
  if (field?.type === 'bool') return say(lang, v === 'true' ? 'yes' : 'no');
  return field?.codes.get(v)?.[lang] ?? v;
}
