import { expect, it } from 'vitest';
import { binds, movesOf, readAssignment } from './assignments';

const now = Date.parse('2026-11-27T10:00:00Z');
const row = (values: Record<string, unknown>) => readAssignment({ id: 58, positions: [], values });

it('binds until the lease of a reservation ends', () => {
  expect(binds(row({ status: 'reserved', lease_until: '2026-11-27T10:00:01Z' }), now)).toBe(true);
  expect(binds(row({ status: 'reserved', lease_until: '2026-11-27T10:00:00Z' }), now)).toBe(false);
  expect(binds(row({ status: 'assigned' }), now)).toBe(true);
});

it('knows since when, for what and by whom', () => {
  expect(row({ status: 'assigned', assigned_at: '2026-11-27T10:00:00Z', event_id: 7, by: 'anna', responder: 'C' })).toEqual({
    responder: 58, code: 'C', status: 'assigned', event: 7, by: 'anna', reason: '', rank: 0, told: 0, since: now,
  });
});

it('offers the orders that the state allows', () => {
  expect(movesOf('assigned', true)).toContain('acknowledge');
  expect(movesOf('acknowledged', true)).toContain('arrive');
  expect(movesOf('acknowledged', false)).toContain('done');
  expect(movesOf('elsewhere', true)).toEqual([]);
});
