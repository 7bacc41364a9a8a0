import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Soon } from './soon';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('does once what was asked for often, by the nearest time', () => {
  let n = 0;
  const soon = new Soon(() => n++);
  soon.within(5000);
  soon.within(300);
  soon.within(1000);
  vi.advanceTimersByTime(299);
  expect(n).toBe(0);
  vi.advanceTimersByTime(6000);
  expect(n).toBe(1);
  soon.within(10);
  soon.stop();
  vi.advanceTimersByTime(1000);
  expect(n).toBe(1);
});
