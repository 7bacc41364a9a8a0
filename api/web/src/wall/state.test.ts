import { describe, expect, it } from 'vitest';
import { formatFragment, parseFragment, type WallState } from './state';

describe('the wall in its address', () => {
  it('comes back as it went', () => {
    const states: WallState[] = [
      {},
      { lang: 'en' },
      { layers: [] },
      { layers: ['grids', '古树'], heat: false, level: 5 },
      { heat: true, view: { zoom: 15.2, lat: 30.567, lon: 114.308, bearing: -12, pitch: 40 } },
    ];
    for (const state of states) expect(parseFragment(formatFragment(state)).state).toEqual(state);
  });

  it('says nothing when there is nothing to say', () => {
    expect(formatFragment({})).toBe('');
  });

  it('takes the token out and never writes it', () => {
    const { state, token } = parseFragment('#token=abc.def&heat=1');
    expect(token).toBe('abc.def');
    expect(formatFragment(state)).toBe('#heat=1');
  });

  it('leaves out what it cannot read', () => {
    for (const bad of ['#lang=fr', '#heat=yes', '#level=9', '#level=2.5', '#view=1/2', '#view=15/95/114', '#view=15//114', '#view=a/b/c', '#token=', '#%%%']) {
      expect(parseFragment(bad), bad).toEqual({ state: {} });
    }
  });

  it('writes no minus nought', () => {
    expect(formatFragment({ view: { zoom: 15, lat: 30, lon: 114, bearing: -0.2, pitch: 0 } })).toBe('#view=15.00/30.00000/114.00000/0/0');
  });
});
