import { describe, expect, it } from 'vitest';
import { codec, type State } from './state';

const back = (state: State): State => codec.read(codec.write(state));

describe('the state of the desk', () => {
  it('comes back from its address', () => {
    const states: State[] = [
      {},
      { lang: 'en', theme: 'light', event: 12000, k: 3 },
      { at: [114.308, 30.5674], level: 4 },
      { severity: ['high', 'critical'], group: 'waiting', area: '420106001020' },
      { entering: true, at: [114.3, 30.5], view: { zoom: 15.2, lat: 30.567, lon: 114.308, bearing: 0, pitch: 0 } },
    ];
    for (const state of states) expect(back(state)).toEqual(state);
  });

  it('has an event or a place', () => {
    expect(codec.read(new URLSearchParams('event=7&at=114.3,30.5'))).toEqual({ event: 7 });
  });

  it('leaves out what cannot be', () => {
    expect(codec.read(new URLSearchParams('event=-1&at=1000,3&level=9&k=100&group=x&area=1&severity=%3Cb%3E&view=1'))).toEqual({});
  });
});
