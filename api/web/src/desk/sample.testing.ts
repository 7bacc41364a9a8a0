// What the tests of the components show: one event, and a ranking of three.

import type { DeskEvent } from './events';
import { readRanking, type Ranking } from './ranking';

/** The moment of the tests. */
export const NOW = Date.parse('2026-11-27T10:00:00+08:00');

const HOUR = 3600_000;

/** An event with an id, and anything else that matters. */
export const anEvent = (id: number, more: Partial<DeskEvent> = {}): DeskEvent => ({
  id, code: `C${id}`, title: `事件 ${id}`, domain: 'urban', category: 'debris', level: 3, severity: 'high', stage: 'reported', source: 'patrol', community: '420106001020', grid: '',
  reported: NOW - HOUR, deadline: NOW + 3 * HOUR, at: [114.308, 30.5674], ...more,
});

const candidate = (rank: number, method: string) => ({
  rank, id: 57 + rank, code: `W${rank}`, post: `网格长 ${rank}`, cost: 2 + rank, eta_range: [0.5, 4.2], metres: 100 * rank, method,
  terms: { eta: 2, responsibility: rank - 1, load: 0, fairness: 0, uncertainty: 1, cover: 0, skill: 0 },
  position: { lon: 114.308 + rank / 1000, lat: 30.568, state: 'fresh', uncertainty_m: 10 }, reason: { zh: `理由 ${rank}`, en: `reason ${rank}` },
  route: method === 'network' ? [[114.308 + rank / 1000, 30.568], [114.308, 30.5674]] : [],
});

/** What the service answers to who should go: three, the last of them by an estimate. */
export const rankingBody = (more: object = {}): object => ({
  lon: 114.308, lat: 30.5674, level: 3, policy: 'balanced', parameters: 'default-1', input_hash: 'abcdef',
  lists: [{
    role: 'grid_leader', title: { zh: '网格长', en: 'Grid leader' }, available: 12, summary: { zh: '推荐 网格长 1', en: '网格长 1 should go' },
    why_not_nearest: { zh: '最近的是 网格长 9', en: 'the nearest is 网格长 9' }, candidates: [candidate(1, 'network'), candidate(2, 'network'), candidate(3, 'estimate')],
    excluded: [{ id: 9, code: 'W9', post: '网格长 9', reason_code: 'on_leave', reason: { zh: '请假', en: 'is on leave' } }],
  }],
  escalation: { ack_min: 3, steps: [{ after_min: 3, to: 'zone_leader', who: { id: 4, code: 'Z', post: '片长 1' } }] }, ...more,
});

/** The ranking that it is. */
export const aRanking = (): Ranking => readRanking(rankingBody());
