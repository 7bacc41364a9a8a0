// What GET /locate answers: whose grid a position is in, and what is around it.

import { fields, list, maybe, number, text } from '../service/loose';
import type { Place } from './state';

/** An area or a post. */
export interface Named {
  readonly code: string;
  readonly name: string;
  readonly duty: string;
  readonly phone: string;
}

/** The card of a position. */
export interface PlaceCard {
  readonly at: Place;
  readonly outside: boolean;
  readonly community?: Named;
  readonly zone?: Named;
  readonly grid?: Named;
  readonly leader?: Named;
  readonly partner?: Named;
  /** Metres to the border of the grid. */
  readonly border?: number;
  /** Where it is outside: the nearest grid and the metres to it. */
  readonly nearest?: Named & { readonly metres: number };
  readonly events?: { readonly metres: number; readonly count: number; readonly open: number };
  readonly facilities: readonly { readonly category: string; readonly name: string; readonly metres: number }[];
  readonly reason: string;
}

/** Reads the card. */
export function readPlaceCard(body: unknown): PlaceCard {
  const b = fields(body);
  const border = maybe(b['border_metres']);
  const nearest = named(b['nearest']);
  const events = fields(b['events']);
  const optional = Object.fromEntries((['community', 'zone', 'grid', 'leader', 'partner'] as const).flatMap((k) => {
    const n = named(b[k]);
    return n ? [[k, n] as const] : [];
  }));
  return {
    at: [number(b['lon']), number(b['lat'])], outside: b['outside'] === true, reason: text(b['reason']), ...optional,
    ...(border === undefined ? {} : { border }),
    ...(nearest ? { nearest: { ...nearest, metres: number(fields(b['nearest'])['metres']) } } : {}),
    ...('count' in events ? { events: { metres: number(events['metres']), count: number(events['count']), open: number(events['open']) } } : {}),
    facilities: list(b['facilities']).map((f) => ({ category: text(fields(f)['category']), name: text(fields(f)['name']), metres: number(fields(f)['metres']) })),
  };
}

function named(v: unknown): Named | undefined {
  const n = fields(v);
  return text(n['code']) === '' ? undefined : { code: text(n['code']), name: text(n['name']) || text(n['code']), duty: text(n['duty']), phone: text(n['phone']) };
}
