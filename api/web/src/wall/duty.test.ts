import { describe, expect, it } from 'vitest';
import type { Area } from './areas';
import { coverOf, FIX_STALE_MS, type Responder } from './duty';

const NOW = 1_000_000_000_000;
const zone = (code: string): Area => ({ layer: 'zones', code, name: code, households: 0, parent: '', item: { id: 1, positions: [], values: {} } });
const responder = (id: number, where: string, busy: boolean, age = 0): Responder => ({ id, at: [0, 0], title: '', zone: where, busy, fixed: NOW - age });

describe('the cover of zones', () => {
  it('says who is free, who is busy, and where nobody is', () => {
    const all = [responder(1, 'a', false), responder(2, 'a', true), responder(3, 'b', true)];
    expect(coverOf(['a', 'b', 'c'].map(zone), all, NOW).map((c) => [c.zone.code, c.state, c.free, c.busy])).toEqual([
      ['a', 'free', 1, 1],
      ['b', 'busy', 0, 1],
      ['c', 'hole', 0, 0],
    ]);
  });

  it('does not call a zone covered by those whose place is not known', () => {
    const old = FIX_STALE_MS + 1;
    expect(coverOf([zone('a')], [responder(1, 'a', false, old)], NOW)[0]?.state).toBe('stale');
    expect(coverOf([zone('a')], [responder(1, 'a', false, old), responder(2, 'a', false)], NOW)[0]).toMatchObject({ state: 'free', stale: 1 });
    expect(coverOf([zone('a')], [{ ...responder(1, 'a', false), fixed: undefined }], NOW)[0]?.state).toBe('stale');
  });
});
