// How codes of events are worded and which sign a severity has: as the service says.

import type { LegendEntry } from '../map/style';
import type { Wall } from './wall';

const PLAIN: LegendEntry = { label: '', color: '#5cc8ff', shape: 'circle' };

/** The title of a code of a field of events. */
export const wordOf = (wall: Wall, field: string, code: string): string => wall.facts.card('events')?.codes.get(field)?.get(code) ?? code;

/** The sign of a severity: the legend of events lists the severities first, in order. */
export function signOf(wall: Wall, severity: string): LegendEntry {
  const legend = wall.drawn.value.find((l) => l.name === 'events')?.legend ?? [];
  const severities = [...(wall.facts.card('events')?.codes.get('severity')?.keys() ?? [])];
  return legend[Math.max(0, severities.indexOf(severity))] ?? PLAIN;
}
