import { describe, expect, it } from 'vitest';
import { contains, crosses, isArea, MOST_CORNERS, readPolygon, withCorner, writePolygon, type Position } from './draw';

const square: readonly Position[] = [[114.3, 30.56], [114.31, 30.56], [114.31, 30.57], [114.3, 30.57]];
const bow: readonly Position[] = [[114.3, 30.56], [114.31, 30.57], [114.31, 30.56], [114.3, 30.57]];

describe('an area that is drawn', () => {
  it('grows by corners, not by the same one twice, and not without end', () => {
    const one = withCorner([], [114.30000049, 30.56]);
    expect(one).toEqual([[114.3, 30.56]]);
    expect(withCorner(one, [114.3, 30.56])).toBe(one);
    let many: readonly Position[] = [];
    for (let i = 0; i < 2 * MOST_CORNERS; i++) many = withCorner(many, [114 + i / 1000, 30]);
    expect(many).toHaveLength(MOST_CORNERS);
  });

  it('is an area from three corners on, when its sides do not cross', () => {
    expect([isArea(square.slice(0, 2)), isArea(square.slice(0, 3)), isArea(square), isArea(bow)]).toEqual([false, true, true, false]);
    expect([crosses(square), crosses(bow)]).toEqual([false, true]);
  });

  it('is what its text says', () => {
    expect(writePolygon(square)).toBe('POLYGON((114.3 30.56,114.31 30.56,114.31 30.57,114.3 30.57,114.3 30.56))');
    expect(readPolygon(writePolygon(square))).toEqual(square);
    for (const text of ['', 'POINT(1 2)', 'POLYGON((1 2,3 4))', 'POLYGON((1 2,3 4,5 6,7 8))', 'POLYGON((1 2,x 4,5 6,1 2))', '420106001011']) expect(readPolygon(text)).toBeUndefined();
  });

  it('holds what is inside', () => {
    expect([contains(square, [114.305, 30.565]), contains(square, [114.32, 30.565]), contains(square, [114.305, 30.58])]).toEqual([true, false, false]);
  });
});
