import { describe, expect, it } from 'vitest';
import { MARGIN, plan, type Span } from './plan';

const walls = [96, 144, 192, 172.8, 72];
const splices = [[1, 1], [2, 1], [2, 2], [3, 2], [4, 2], [6, 3]] as const;
const cases = walls.flatMap((width) => splices.map(([columns, rows]) => ({ width, bezels: { columns, rows } })));
const crosses = (span: Span, joint: number): boolean => span.x < joint && joint < span.x + span.width;

describe('the plan of a wall', () => {
  it('leaves at least half of it to the map', () => {
    for (const { width, bezels } of cases) expect(plan(width, bezels).free.width, `${width} ${bezels.columns}`).toBeGreaterThanOrEqual(width / 2 - 0.001);
  });

  it('puts nothing across a joint', () => {
    for (const { width, bezels } of cases) {
      const p = plan(width, bezels);
      for (let k = 1; k < bezels.columns; k++) {
        const across = [...p.left, ...p.right, p.stage, ...p.foot].filter((span) => crosses(span, (k * width) / bezels.columns));
        expect(across, `${width} rem, ${bezels.columns} screens`).toEqual([]);
      }
    }
  });

  it('has its title in the middle, or of the screen beside it', () => {
    expect([1, 2, 3, 4].map((n) => plan(192, { columns: n, rows: 1 }).title)).toEqual([96, 48, 96, 72]);
  });

  it('keeps columns apart and inside', () => {
    for (const { width, bezels } of cases) {
      const { left, right } = plan(width, bezels);
      const all = [...left, ...right];
      all.forEach((span, i) => {
        expect(span.x).toBeGreaterThanOrEqual(MARGIN - 0.001);
        expect(span.x + span.width).toBeLessThanOrEqual(width - MARGIN + 0.001);
        const before = all[i - 1];
        if (before) expect(span.x).toBeGreaterThanOrEqual(before.x + before.width);
      });
    }
  });

  it('has more columns on a wider wall', () => {
    expect([96, 144, 192].map((width) => plan(width).left.length + plan(width).right.length)).toEqual([2, 3, 4]);
  });

  it('names the joints between rows', () => {
    expect(plan(96, { columns: 2, rows: 3 }).joints).toEqual([18, 36]);
  });
});
