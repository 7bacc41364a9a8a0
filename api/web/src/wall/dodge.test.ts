import { expect, it } from 'vitest';
import { shiftOf } from './dodge';

it('moves a row below the joint that it crosses, and below the next one too if need be', () => {
  expect(shiftOf({ top: 0, bottom: 40 }, [100], 10)).toBe(0);
  expect(shiftOf({ top: 80, bottom: 120 }, [100], 10)).toBe(30);
  expect(shiftOf({ top: 105, bottom: 120 }, [100], 10)).toBe(5);
  expect(shiftOf({ top: 80, bottom: 120 }, [100, 140], 10)).toBe(70);
  expect(shiftOf({ top: 110, bottom: 130 }, [140, 100], 10)).toBe(0);
});
