// What GET /dispatch answers: who should go, and why.

import type { Lang } from '../words/format';
import { fields, instant, list, maybe, number, text, type Fields } from '../service/loose';
import type { Place } from './state';

/** A text in the languages that it came in. */
export type Both = Readonly<Record<Lang, string>>;

/** The parts of a cost in equivalent minutes, in the order of the formula; skill is taken off. */
export const TERMS = ['eta', 'responsibility', 'load', 'fairness', 'uncertainty', 'cover', 'skill'] as const;

/** One of the parts. */
export type Term = (typeof TERMS)[number];

/** Somebody by post. */
export interface Contact {
  readonly id: number;
  readonly code: string;
  readonly post: string;
}

/** Somebody who can be sent. */
export interface Candidate extends Contact {
  readonly rank: number;
  readonly cost: number;
  readonly terms: Readonly<Record<Term, number>>;
  readonly range: readonly [number, number];
  readonly metres: number;
  /** network: along streets; estimate: by the straight line. */
  readonly method: string;
  readonly tasks: number;
  readonly position: { readonly at: Place; readonly state: string; readonly age?: number; readonly uncertainty: number };
  readonly reason: Both;
  /** From the person to the event; empty for an estimate. */
  readonly route: readonly Place[];
}

/** Somebody who cannot be sent. */
export interface Excluded extends Contact {
  readonly why: string;
  readonly reason: Both;
}

/** The ranking for one role. */
export interface RoleList {
  readonly role: string;
  readonly title: Both;
  readonly available: number;
  readonly candidates: readonly Candidate[];
  readonly summary: Both;
  readonly whyNotNearest: Both;
  readonly excluded: readonly Excluded[];
  readonly excludedMore: number;
}

/** Who is told when nobody acknowledges. */
export interface EscalationStep {
  readonly after: number;
  readonly to: string;
  readonly who?: Contact;
}

/** The answer. */
export interface Ranking {
  readonly event?: number;
  readonly at: Place;
  readonly level: number;
  readonly policy: string;
  readonly parameters: string;
  readonly lists: readonly RoleList[];
  readonly inform: readonly Contact[];
  readonly ackMin: number;
  readonly atOnce: boolean;
  readonly steps: readonly EscalationStep[];
  readonly notes: readonly string[];
  readonly hash: string;
  readonly computed: number;
}

/** Reads the answer. */
export function readRanking(body: unknown): Ranking {
  const b = fields(body);
  const event = maybe(b['event']);
  const escalation = fields(b['escalation']);
  return {
    ...(event === undefined ? {} : { event }), at: [number(b['lon']), number(b['lat'])], level: number(b['level']), policy: text(b['policy']),
    parameters: text(b['parameters']), lists: list(b['lists']).map(readList), inform: list(b['inform']).map((c) => contact(fields(c))),
    ackMin: number(escalation['ack_min']), atOnce: escalation['at_once'] === true, steps: list(escalation['steps']).map(readStep),
    notes: list(b['notes']).map(text), hash: text(b['input_hash']), computed: instant(b['computed_at']) ?? 0,
  };
}

function readStep(v: unknown): EscalationStep {
  const s = fields(v);
  return { after: number(s['after_min']), to: text(s['to']), ...('who' in s ? { who: contact(fields(s['who'])) } : {}) };
}

function readList(v: unknown): RoleList {
  const l = fields(v);
  return {
    role: text(l['role']), title: both(l['title']), available: number(l['available']), candidates: list(l['candidates']).map(readCandidate),
    summary: both(l['summary']), whyNotNearest: both(l['why_not_nearest']),
    excluded: list(l['excluded']).map((e) => ({ ...contact(fields(e)), why: text(fields(e)['reason_code']), reason: both(fields(e)['reason']) })),
    excludedMore: number(l['excluded_more']),
  };
}

/** Reads a candidate. */
export function readCandidate(v: unknown): Candidate {
  const c = fields(v);
  const terms = fields(c['terms']);
  const position = fields(c['position']);
  const [low, high] = list(c['eta_range']).map(number);
  const age = maybe(position['age_s']);
  return {
    ...contact(c), rank: number(c['rank']), cost: number(c['cost']),
    terms: Object.fromEntries(TERMS.map((t) => [t, number(terms[t])])) as Record<Term, number>,
    range: [low ?? 0, high ?? 0], metres: number(c['metres']), method: text(c['method']), tasks: number(c['open_tasks']),
    position: { at: [number(position['lon']), number(position['lat'])], state: text(position['state']), uncertainty: number(position['uncertainty_m']), ...(age === undefined ? {} : { age }) },
    reason: both(c['reason']),
    route: list(c['route']).map((p) => list(p).map(number)).flatMap(([lon, lat]) => (lon !== undefined && lat !== undefined ? [[lon, lat] as const] : [])),
  };
}

const contact = (c: Fields): Contact => ({ id: number(c['id']), code: text(c['code']), post: text(c['post']) || text(c['code']) });

const both = (v: unknown): Both => ({ zh: text(fields(v)['zh']), en: text(fields(v)['en']) });
