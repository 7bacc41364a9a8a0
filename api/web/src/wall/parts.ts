// The parts of the scope with their figures, for the list and the map.

import type { Wall } from './wall';

/** A part: its rate of reports per 1,000 households and week, whether that rests on few, and what is open. */
export interface Part {
  readonly code: string;
  readonly name: string;
  readonly rate: number | null;
  readonly reported: number;
  readonly small: boolean;
  readonly open: number | undefined;
}

/** The parts of the scope, the highest rate first; those with small numbers after the others. */
export function partsOf(wall: Wall): readonly Part[] {
  const { areas, open, parts } = wall.facts;
  const found = (parts.value.value?.areas ?? []).filter((area) => areas.value.find(area.code));
  return found
    .map((area): Part => {
      const rate = area.kpis.get('per_1000_households');
      return {
        code: area.code,
        name: area.name,
        rate: rate?.value ?? null,
        reported: area.kpis.get('reported')?.value ?? 0,
        small: rate?.small ?? true,
        open: open.value && (open.value.get(area.code) ?? 0),
      };
    })
    .sort((a, b) => Number(a.small) - Number(b.small) || (b.rate ?? -1) - (a.rate ?? -1) || a.code.localeCompare(b.code));
}
