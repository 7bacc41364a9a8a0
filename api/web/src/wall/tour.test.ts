import { describe, expect, it } from 'vitest';
import { HELD_MS, PAUSED_MS, readTour, stopAt, Tour, type TourStop } from './tour';

const stops: TourStop[] = [{ scope: '1', seconds: 20 }, { scope: '2', seconds: 10 }, { seconds: 30 }];

const setUp = () => {
  const visited: (string | undefined)[] = [];
  const tour = new Tour((stop) => visited.push(stop.scope));
  tour.stops = stops;
  const run = (from: number, seconds: number): void => {
    for (let t = from; t < from + seconds * 1000; t += 1000) tour.tick(t);
  };
  return { tour, visited, run };
};

describe('the tour', () => {
  it('is where the clock says, stop by stop, over and over', () => {
    const start = 60_000 * 1000;
    expect([0, 19.9, 20, 29.9, 30, 59.9, 60].map((s) => stopAt(start + s * 1000, stops))).toEqual([0, 0, 1, 1, 2, 2, 0]);
    expect(stopAt(start, [])).toBe(0);
  });

  it('visits each stop once, and none while it is off', () => {
    const { tour, visited, run } = setUp();
    run(0, 60);
    expect(visited).toEqual([]);
    tour.set(true);
    run(0, 61);
    expect(visited).toEqual(['1', '2', undefined, '1']);
  });

  it('is held by a hand, and goes on after a minute where the clock says', () => {
    const { tour, visited, run } = setUp();
    tour.set(true);
    run(0, 5);
    tour.hold(5000);
    run(5000, HELD_MS / 1000 + 20);
    expect(visited).toEqual(['1', '1', '2']);
  });

  it('steps, and stays there for a while', () => {
    const { tour, visited, run } = setUp();
    tour.set(true);
    run(0, 5);
    tour.step(-1, 5000);
    tour.step(-1, 5000);
    run(5000, 50);
    expect(visited).toEqual(['1', undefined, '2']);
  });

  it('steps also where it is off', () => {
    const { tour, visited } = setUp();
    tour.step(1, 0);
    tour.step(1, 0);
    expect(visited).toEqual(['1', '2']);
    expect(tour.heldUntil.value).toBe(0);
  });

  it('is stopped and resumed by hand, and never for ever', () => {
    const { tour, visited } = setUp();
    tour.set(true);
    tour.tick(0);
    tour.toggle(0);
    tour.tick(25_000);
    expect(visited).toEqual(['1']);
    tour.toggle(25_000);
    tour.tick(25_000);
    expect(visited).toEqual(['1', '2']);
    tour.toggle(25_000);
    tour.tick(25_000 + PAUSED_MS);
    expect(visited).toHaveLength(3);
  });

  it('is read as far as it can be', () => {
    expect(readTour({ stops: [{ scope: '420106001020', seconds: 20, layers: ['events', 3], heat: false, panel: 'events' }, { view: '15/30.5/114.3', seconds: 5 }, { seconds: 0 }, null] })).toEqual([
      { scope: '420106001020', seconds: 20, layers: ['events'], heat: false, panel: 'events' },
      { view: { zoom: 15, lat: 30.5, lon: 114.3, bearing: 0, pitch: 0 }, seconds: 5 },
    ]);
    expect(readTour(null)).toEqual([]);
  });
});
