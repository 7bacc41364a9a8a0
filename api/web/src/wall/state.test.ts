import { describe, expect, it } from 'vitest';
import { fragment } from '../ui/address';
import { codec, type WallState } from './state';

const written = (state: WallState): string => fragment(codec.write(state));
const read = (text: string): WallState => codec.read(new URLSearchParams(text.replace(/^#/, '')));

describe('the wall in its address', () => {
  it('comes back as it went', () => {
    const states: WallState[] = [
      {},
      { lang: 'en' },
      { layers: [] },
      { layers: ['grids', '古树'], heat: false, level: 5 },
      { scope: '420106001005', mode: 'towers', hide: ['layers', 'kpis'], bezels: { columns: 3, rows: 2 }, sound: true },
      { incident: 11942 },
      { kpi: 'closing_rate', records: 'level=3&closed_at=null()', menu: true },
      { heat: true, view: { zoom: 15.2, lat: 30.567, lon: 114.308, bearing: -12, pitch: 40 } },
    ];
    for (const state of states) expect(read(written(state))).toEqual(state);
  });

  it('says nothing when there is nothing to say', () => {
    expect(written({})).toBe('');
    expect(written({ scope: undefined, level: undefined })).toBe('');
  });

  it('never writes a token', () => {
    expect(written(read('#token=abc.def&heat=1'))).toBe('#heat=1');
  });

  it('leaves out what it cannot read', () => {
    const bad = ['lang=fr', 'heat=yes', 'level=9', 'level=2.5', 'view=1/2', 'view=15/95/114', 'view=15//114', 'scope=x', 'scope=1', 'mode=3d', 'incident=-1', 'bezels=0x2', 'bezels=99x1', '%%%'];
    for (const text of bad) expect(read(text), text).toEqual({});
  });

  it('writes no minus nought', () => {
    expect(written({ view: { zoom: 15, lat: 30, lon: 114, bearing: -0.2, pitch: 0 } })).toBe('#view=15.00/30.00000/114.00000/0/0');
  });
});
