// A value as the table shows it.

import { count, clock, day, type Lang } from '../words/format';
import { isAreaField, type Field } from './schema';
import type { AreaName } from './filter';
import { say } from './words';

/** The text of a value: codes by their titles, times in the time of China, areas by their names. Nothing is "". */
export function cellText(value: unknown, field: Field, areaName: AreaName, lang: Lang): string {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value === 'boolean') return say(lang, value ? 'yes' : 'no');
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 1e15 ? numberText(value, field) : String(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  if (field.type === 'time') {
    const at = Date.parse(value);
    return Number.isNaN(at) ? value : `${day(at)} ${clock(at).slice(0, 5)}`;
  }
  if (isAreaField(field.name)) return areaName(value);
  return field.codes.get(value)?.[lang] ?? value;
}

/** Numbers that are names of something, such as a level or an id, have no separators; quantities do. */
function numberText(n: number, field: Field): string {
  return field.unit === '' ? String(n) : count(n);
}

/** Whether a column stands at the right. */
export const isQuantity = (field: Field): boolean => field.type === 'int' || field.type === 'float';
