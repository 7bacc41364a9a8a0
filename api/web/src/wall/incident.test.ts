import { describe, expect, it } from 'vitest';
import { readRankings, stepsOf } from './incident';

const item = (values: Record<string, unknown>) => ({ id: 1, positions: [], values });

describe('an incident', () => {
  it('has the steps that were taken and those to come, but none that was passed over', () => {
    const steps = stepsOf(item({ reported_at: '2017-12-01T00:00:00Z', filed_at: '2017-12-01T01:00:00Z' }));
    expect(steps.map((s) => s.field)).toEqual(['reported_at', 'filed_at', 'dispatched_at', 'ack_at', 'arrived_at', 'disposed_at', 'checked_at', 'closed_at']);
    expect(steps.map((s) => s.at !== undefined)).toEqual([true, true, false, false, false, false, false, false]);
  });

  it('has nothing to come when it was cancelled', () => {
    expect(stepsOf(item({ reported_at: '2017-12-01T00:00:00Z', cancelled_at: '2017-12-01T01:00:00Z' })).map((s) => s.field)).toEqual(['reported_at']);
  });

  it('has those who could go, with their ways', () => {
    const body = { lists: [{ role: 'grid_leader', title: { zh: '网格长', en: 'Grid leader' }, summary: { zh: '推荐', en: 'go' }, candidates: [{ id: 83, rank: 1, post: '网格长 013-007', terms: { eta: 2.52 }, metres: 146, reason: { zh: '近', en: 'near' }, route: [[114.3, 30.56], [114.301, 30.561]] }] }] };
    expect(readRankings(body)[0]?.candidates[0]).toEqual({ id: 83, rank: 1, post: '网格长 013-007', minutes: 2.52, metres: 146, reason: { zh: '近', en: 'near' }, route: [[114.3, 30.56], [114.301, 30.561]] });
    expect(readRankings('?')).toEqual([]);
  });
});
