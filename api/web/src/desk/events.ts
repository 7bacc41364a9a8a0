// The events that are open, and in which order they are due.

import { valueNumber, valueText, valueTime, type Item } from '../service/data';
import type { Place } from './state';

/** The stages of an event that is open, in their order. */
export const OPEN_STAGES = ['reported', 'accepted', 'filed', 'dispatched', 'acknowledged', 'arrived', 'disposed', 'checked'] as const;

/** The stages before anybody is sent. */
const WAITING: readonly string[] = ['reported', 'accepted', 'filed'];

/** An event as the desk needs it; times are milliseconds since 1970. */
export interface DeskEvent {
  readonly id: number;
  readonly code: string;
  readonly title: string;
  readonly domain: string;
  readonly category: string;
  readonly level: number;
  readonly severity: string;
  readonly stage: string;
  readonly source: string;
  readonly community: string;
  readonly grid: string;
  readonly reported: number;
  readonly deadline?: number;
  readonly at?: Place;
}

/** Reads an event. */
export function readEvent(item: Item): DeskEvent {
  const word = (name: string): string => valueText(item, name);
  const deadline = valueTime(item, 'deadline_at');
  return {
    id: item.id, code: word('code'), title: word('title'), domain: word('domain'), category: word('category'), level: valueNumber(item, 'level') ?? 1,
    severity: word('severity'), stage: word('stage'), source: word('source'), community: word('community'), grid: word('grid'),
    reported: valueTime(item, 'reported_at') ?? 0, ...(deadline === undefined ? {} : { deadline }), ...(item.point ? { at: item.point } : {}),
  };
}

/** The fields of an event that the desk asks for. */
export const EVENT_FIELDS = 'code,title,domain,category,level,severity,stage,source,community,grid,reported_at,deadline_at';

/** Whether nobody was sent yet. */
export const waits = (e: DeskEvent): boolean => WAITING.includes(e.stage);

/** Whether an event is open. */
export const isOpen = (e: DeskEvent): boolean => e.stage !== 'closed' && e.stage !== 'cancelled';

/** Orders events: the most severe first, then what is due first, then what has waited longest. `severities` are in rising order. */
export function inOrder(events: readonly DeskEvent[], severities: readonly string[]): DeskEvent[] {
  const due = (e: DeskEvent): number => e.deadline ?? Infinity;
  const earlier = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...events].sort(
    (a, b) =>
      severities.indexOf(b.severity) - severities.indexOf(a.severity) || earlier(due(a), due(b)) || earlier(a.reported, b.reported) || a.id - b.id,
  );
}

/** What of the queue is shown. */
export interface QueueFilter {
  readonly severity?: readonly string[];
  readonly group?: string;
  readonly area?: string;
}

/** Whether the queue shows an event. */
export function shows(filter: QueueFilter, e: DeskEvent): boolean {
  if (filter.severity && !filter.severity.includes(e.severity)) return false;
  if (filter.area !== undefined && filter.area !== e.community) return false;
  return filter.group === undefined || filter.group === 'all' || (filter.group === 'waiting') === waits(e);
}
