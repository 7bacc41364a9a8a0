import { describe, expect, it } from 'vitest';
import { classesOf, colorOf, RATE_COLORS } from './classes';

describe('classes', () => {
  it('cut at round numbers', () => {
    expect(classesOf([8.8, 3.5])).toEqual([2, 4, 6, 8]);
    expect(classesOf([120])).toEqual([25, 50, 75, 100]);
    expect(classesOf([])).toEqual([]);
  });

  it('give every value a colour, and a greater one no lower class', () => {
    for (const top of [0.3, 1, 7, 10, 99, 12345]) {
      const classes = classesOf([top]);
      const at = Array.from({ length: 50 }, (_, i) => RATE_COLORS.indexOf(colorOf(classes, (top * i) / 49) as (typeof RATE_COLORS)[number]));
      expect(at.every((c, i) => c >= 0 && c >= (at[i - 1] ?? 0)), String(top)).toBe(true);
    }
  });

  it('show no value as grey and nothing to compare as the lowest', () => {
    expect(colorOf([1, 2, 3, 4], null)).toBe('#5a6b7d');
    expect(colorOf([], 0)).toBe(RATE_COLORS[0]);
  });
});
