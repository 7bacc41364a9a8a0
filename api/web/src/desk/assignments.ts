// Who is held now and by whom, and which steps were taken: the layers assignments and dispatch_log.

import { valueNumber, valueText, valueTime, type Item } from '../service/data';

/** Somebody who is held for an event or a place. */
export interface Assignment {
  /** The responder's id. */
  readonly responder: number;
  readonly code: string;
  readonly status: string;
  readonly event?: number;
  readonly by: string;
  readonly reason: string;
  readonly rank: number;
  /** When a reservation ends by itself. */
  readonly leaseUntil?: number;
  /** When somebody else is told, if nobody acknowledges. */
  readonly escalateAt?: number;
  /** How many steps of the escalation were told already. */
  readonly told: number;
  /** When it came into its status. */
  readonly since?: number;
}

/** Reads a row of the layer assignments. */
export function readAssignment(item: Item): Assignment {
  const status = valueText(item, 'status');
  const event = valueNumber(item, 'event_id');
  const leaseUntil = valueTime(item, 'lease_until');
  const escalateAt = valueTime(item, 'escalate_at');
  const since = valueTime(item, `${status}_at`);
  return {
    responder: item.id, code: valueText(item, 'responder'), status, by: valueText(item, 'by'), reason: valueText(item, 'reason'), rank: valueNumber(item, 'rank') ?? 0, told: valueNumber(item, 'told') ?? 0,
    ...(event === undefined ? {} : { event }), ...(leaseUntil === undefined ? {} : { leaseUntil }),
    ...(escalateAt === undefined ? {} : { escalateAt }), ...(since === undefined ? {} : { since }),
  };
}

/** Whether an assignment binds its responder at a moment: a reservation ends with its lease. */
export const binds = (a: Assignment, now: number): boolean => a.status !== 'reserved' || a.leaseUntil === undefined || now < a.leaseUntil;

/** A step that was taken. */
export interface LogStep {
  readonly id: number;
  readonly at: number;
  readonly action: string;
  readonly code: string;
  readonly by: string;
  readonly reason: string;
  readonly override: boolean;
}

/** Reads a row of the layer dispatch_log. */
export function readLogStep(item: Item): LogStep {
  return {
    id: item.id, at: valueTime(item, 'at') ?? 0, action: valueText(item, 'action'), code: valueText(item, 'responder'), by: valueText(item, 'by'),
    reason: valueText(item, 'reason'), override: item.values['override'] === true,
  };
}

/** An order that moves somebody on, or lets them go. */
export type Move = 'acknowledge' | 'arrive' | 'done' | 'refuse' | 'release';

/** The orders that a status allows; `arrives` tells whether the service knows arrivals. */
export function movesOf(status: string, arrives: boolean): readonly Move[] {
  switch (status) {
    case 'reserved':
      return ['release'];
    case 'assigned':
      return ['acknowledge', 'refuse', 'release'];
    case 'acknowledged':
      return arrives ? ['arrive', 'refuse', 'release'] : ['done', 'refuse', 'release'];
    case 'arrived':
      return ['done', 'release'];
  }
  return [];
}
