import { describe, expect, it } from 'vitest';
import { inOrder, readEvent, shows, type DeskEvent } from './events';

const event = (id: number, severity: string, deadline?: number, more: Partial<DeskEvent> = {}): DeskEvent => ({
  id, code: `C${id}`, title: '', domain: 'urban', category: '', level: 2, severity, stage: 'reported', source: '', community: '420106001020', grid: '', reported: 0,
  ...(deadline === undefined ? {} : { deadline }), ...more,
});

describe('the queue', () => {
  it('is ordered by severity, then by deadline, however it came', () => {
    const all = [event(1, 'low', 5), event(2, 'critical'), event(3, 'critical', 9), event(4, 'critical', 2), event(5, 'high', 1)];
    const severities = ['low', 'moderate', 'high', 'critical'];
    for (const from of [all, [...all].reverse()]) expect(inOrder(from, severities).map((e) => e.id)).toEqual([4, 3, 2, 5, 1]);
  });

  it('shows what the filter says', () => {
    const e = event(1, 'high', undefined, { stage: 'dispatched' });
    expect(shows({}, e)).toBe(true);
    expect(shows({ group: 'waiting' }, e)).toBe(false);
    expect(shows({ group: 'sent', severity: ['high'], area: '420106001020' }, e)).toBe(true);
    expect(shows({ severity: ['low'] }, e)).toBe(false);
    expect(shows({ area: '420106001001' }, e)).toBe(false);
  });

  it('reads what the service says', () => {
    const item = { id: 7, point: [114.3, 30.5] as const, positions: [], values: { code: 'A', title: 'T', level: 3, severity: 'high', stage: 'filed', reported_at: '2026-01-01T00:00:00Z', deadline_at: null } };
    expect(readEvent(item)).toMatchObject({ id: 7, level: 3, reported: Date.parse('2026-01-01T00:00:00Z'), at: [114.3, 30.5] });
    expect(readEvent(item).deadline).toBeUndefined();
  });
});
