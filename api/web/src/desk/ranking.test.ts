import { expect, it } from 'vitest';
import { readRanking, TERMS } from './ranking';

/** An answer with one candidate, as the service writes it. */
export const answer = {
  event: 36, lon: 114.308, lat: 30.5674, level: 3, policy: 'balanced', parameters: 'default-1',
  lists: [
    {
      role: 'grid_leader', title: { zh: '网格长', en: 'Grid leader' }, available: 98, summary: { zh: '推荐', en: 'should go' },
      candidates: [
        {
          rank: 1, id: 58, code: 'C-WG', post: '网格长 011-003', role: 'grid_leader', cost: 3.1, eta_range: [0.5, 4.21], metres: 107, direct_metres: 95, method: 'network', tier: 0, open_tasks: 0,
          terms: { eta: 1.98, responsibility: 0, load: 0, fairness: 0, uncertainty: 1.11, cover: 0, skill: 0 },
          position: { lon: 114.3083, lat: 30.5682, state: 'stale', uncertainty_m: 160 }, reason: { zh: '责任网格长', en: 'leads the grid' }, route: [[114.3083, 30.5682], [114.308, 30.5674]],
        },
      ],
      excluded: [{ id: 67, code: 'D', post: '网格长 011-012', reason_code: 'off_duty', tier: 3, reason: { zh: '不在岗', en: 'is not on duty' } }],
    },
  ],
  escalation: { ack_min: 3, escalate_at: '2026-11-27T07:12:22Z', steps: [{ after_min: 0, to: 'candidate', who: { id: 58, code: 'C-WG', post: '网格长 011-003' } }, { after_min: 3, to: 'command_centre' }] },
  input_hash: 'abc', computed_at: '2026-11-27T07:09:22Z', seq: 3,
};

it('reads who should go, and why', () => {
  const r = readRanking(answer);
  expect(r).toMatchObject({ event: 36, at: [114.308, 30.5674], policy: 'balanced', ackMin: 3, hash: 'abc' });
  const [first] = r.lists[0]?.candidates ?? [];
  expect(first).toMatchObject({ rank: 1, id: 58, post: '网格长 011-003', range: [0.5, 4.21], route: [[114.3083, 30.5682], [114.308, 30.5674]] });
  expect(TERMS.reduce((sum, t) => sum + (first?.terms[t] ?? NaN), 0)).toBeCloseTo(first?.cost ?? 0, 1);
  expect(r.lists[0]?.excluded).toEqual([{ id: 67, code: 'D', post: '网格长 011-012', why: 'off_duty', reason: { zh: '不在岗', en: 'is not on duty' } }]);
  expect(r.steps.map((s) => s.to)).toEqual(['candidate', 'command_centre']);
});

it('makes an empty ranking of what is none', () => {
  expect(readRanking('x')).toMatchObject({ lists: [], steps: [], level: 0 });
});
