import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TileId, Bounds } from './touched';
import { TileRefresher } from './refresher';

const here: Bounds = [114.3036, 30.5637, 114.3036, 30.5637];
const sources = [
  { name: 'shapan', layers: ['grids', 'events'], min: 13, max: 15, reach: 1 / 64 },
  { name: 'heat', layers: ['events'], min: 14, max: 14, reach: 1 / 64 },
];

function setUp(): { calls: [string, number | 'all'][]; busy: Set<string>; refresher: TileRefresher } {
  const calls: [string, number | 'all'][] = [];
  const busy = new Set<string>();
  const map = {
    refreshTiles: (source: string, tiles?: TileId[]) => void calls.push([source, tiles?.length ?? 'all']),
    isSourceLoaded: (source: string) => !busy.has(source),
  };
  return { calls, busy, refresher: new TileRefresher(map, sources, () => Date.now()) };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('TileRefresher', () => {
  it('gathers a burst into one refresh of a source', () => {
    const { calls, refresher } = setUp();
    for (let i = 0; i < 50; i++) refresher.touch('grids', [here]);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(calls).toEqual([['shapan', 3]]);
    vi.advanceTimersByTime(60_000);
    expect(calls).toHaveLength(1);
  });

  it('waits for a busy source to come to rest, so that the tiles on their way are fetched again too', () => {
    const { calls, busy, refresher } = setUp();
    busy.add('shapan');
    refresher.touch('grids', [here]);
    vi.advanceTimersByTime(1000);
    expect(calls).toEqual([]);
    busy.clear();
    refresher.rested('shapan');
    expect(calls).toEqual([['shapan', 3]]);
  });

  it('does not wait for ever, but then refreshes once more at rest', () => {
    const { calls, busy, refresher } = setUp();
    busy.add('shapan');
    refresher.touch('grids', [here]);
    vi.advanceTimersByTime(2300);
    expect(calls).toEqual([['shapan', 3]]);
    busy.clear();
    vi.advanceTimersByTime(500);
    expect(calls).toEqual([['shapan', 3], ['shapan', 3]]);
    vi.advanceTimersByTime(10_000);
    expect(calls).toHaveLength(2);
  });

  it('keeps sources apart, passes unknown ones over, and refreshes all on demand', () => {
    const { calls, busy, refresher } = setUp();
    busy.add('heat');
    refresher.touchAll();
    refresher.touch('other', [here]);
    vi.advanceTimersByTime(300);
    expect(calls).toEqual([['shapan', 'all']]);
    busy.clear();
    vi.advanceTimersByTime(300);
    expect(calls).toEqual([['shapan', 'all'], ['heat', 'all']]);
  });

  it('refreshes every source that a layer is in', () => {
    const { calls, refresher } = setUp();
    refresher.touch('events', [here]);
    vi.advanceTimersByTime(300);
    expect(calls).toEqual([['shapan', 3], ['heat', 1]]);
  });

  it('fetches everything instead of gathering places without end', () => {
    const { calls, busy, refresher } = setUp();
    busy.add('shapan');
    for (let i = 0; i < 3000; i++) refresher.touch('grids', [here]);
    busy.clear();
    refresher.rested('shapan');
    vi.advanceTimersByTime(300);
    expect(calls).toEqual([['shapan', 'all']]);
  });

  it('does nothing after stop', () => {
    const { calls, refresher } = setUp();
    refresher.touch('grids', [here]);
    refresher.stop();
    vi.advanceTimersByTime(5000);
    expect(calls).toEqual([]);
  });
});
