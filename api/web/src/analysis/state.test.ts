import { describe, expect, it } from 'vitest';
import { codec, refiltered, relayered, type State } from './state';

const round = (state: State): State => codec.read(new URLSearchParams(codec.write(state).toString()));
const bare = (state: State): Record<string, unknown> => Object.fromEntries(Object.entries(state).filter(([, v]) => v !== undefined));

describe('the state of the page', () => {
  it('is what its address says, all of it', () => {
    const state: State = {
      lang: 'en', theme: 'light', layer: 'events', filter: { terms: [{ field: 'level', is: '3,4' }], datetime: '2017-11-01/2017-11-30', scope: '420106001011' },
      tab: 'charts', sort: '-reported_at', columns: ['code', 'level'], after: 'WzFd', page: 2, id: 7, map: 'areas', per: 'ha-week', area: 'grid', diff: true,
      versus: 'year', by: 'domain', charts: ['time'], facets: ['level'], kpi: 'filed', seq: 12, view: { zoom: 15, lat: 30.567, lon: 114.308, bearing: 0, pitch: 0 },
    };
    expect(bare(round(state))).toEqual(state);
  });

  it('of nothing is nothing', () => {
    expect(codec.write(round({ filter: { terms: [] } })).toString()).toBe('');
  });

  it('takes nothing that it does not know', () => {
    expect(bare(codec.read(new URLSearchParams('tab=x&map=y&per=z&area=street&id=-1&page=x&diff=2&lang=fr&theme=blue&view=1')))).toEqual({ filter: { terms: [] } });
  });

  it('begins the table anew with another filter, and forgets what was of another layer', () => {
    const state: State = { filter: { terms: [{ field: 'level', is: '3' }] }, after: 'x', page: 3, sort: 'level', columns: ['level'], seq: 4, versus: 'year' };
    expect(bare({ ...state, ...refiltered({ terms: [] }) })).toEqual({ filter: { terms: [] }, sort: 'level', columns: ['level'], versus: 'year' });
    expect(bare({ ...state, ...relayered('screens') })).toEqual({ filter: { terms: [] }, layer: 'screens', versus: 'year' });
  });
});
