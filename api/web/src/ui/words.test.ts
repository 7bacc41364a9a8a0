import { describe, expect, it } from 'vitest';
import { flag, list, oneOf, present, whole, written } from './words';

describe('the words of an address', () => {
  it('are read, or are not there', () => {
    expect(oneOf(['zh', 'en'], 'en')).toBe('en');
    expect(oneOf(['zh', 'en'], 'fr')).toBeUndefined();
    expect(list('a,,b')).toEqual(['a', 'b']);
    expect([list(''), list(null)]).toEqual([[], undefined]);
    expect([flag('1'), flag('0'), flag('yes'), flag(null)]).toEqual([true, false, undefined, undefined]);
    expect([whole('5', 1, 5), whole('6', 1, 5), whole('-1'), whole('1e3'), whole(' 1'), whole(''), whole(null)]).toEqual([5, ...Array<undefined>(6).fill(undefined)]);
    expect(whole('99999999999999999')).toBeUndefined();
  });

  it('are written in order, without what is undefined', () => {
    expect(written([['b', 1], ['a', undefined], ['c', ['x', 'y']], ['d', false], ['e', true], ['f', '']]).toString()).toBe('b=1&c=x%2Cy&d=0&e=1&f=');
    expect(present<{ a?: number; b?: string }>({ a: 0, b: undefined })).toEqual({ a: 0 });
  });
});
