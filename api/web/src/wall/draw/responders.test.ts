import { describe, expect, it } from 'vitest';
import { between, wayOf } from './responders';

describe('the way of somebody', () => {
  it('goes from where he was to where he is', () => {
    const way = wayOf([114.3, 30.56], [114.301, 30.561]);
    expect(between(way, 0)).toEqual([114.3, 30.56]);
    expect(between(way, 1)).toEqual([114.301, 30.561]);
    const [lon, lat] = between(way, 0.5);
    expect([lon, lat].map((x) => Number(x.toFixed(6)))).toEqual([114.3005, 30.5605]);
  });

  it('is no way for one who is new, stands still, or leaps', () => {
    for (const before of [undefined, [114.3, 30.56], [114.4, 30.56]] as const) {
      const way = wayOf(before, [114.3, 30.56]);
      expect(way.from).toBe(way.to);
    }
  });
});
