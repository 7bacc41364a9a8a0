import { expect, it } from 'vitest';
import { STOP_MS, stopAt, Tour } from './tour';

it('visits every stop and then the whole map, by the clock', () => {
  const start = STOP_MS * 13 * 1000;
  expect(Array.from({ length: 14 }, (_, i) => stopAt(start + i * STOP_MS, 12))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, undefined, 0]);
});

it('visits each stop once, and nothing while it is off', () => {
  const visited: (number | undefined)[] = [];
  const tour = new Tour((stop) => visited.push(stop));
  const run = (from: number): void => {
    for (let t = from; t < from + 2 * STOP_MS; t += 1000) tour.tick(t, 2);
  };
  run(0);
  expect(visited).toEqual([]);
  tour.set(true);
  run(0);
  expect(visited).toEqual([0, 1]);
  tour.set(false);
  run(2 * STOP_MS);
  expect(visited).toEqual([0, 1]);
});
