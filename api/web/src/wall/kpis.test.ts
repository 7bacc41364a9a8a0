import { describe, expect, it } from 'vitest';
import { kpiPath, kpiText, readKpis, trendOf } from './kpis';

const figure = { id: 'closing_rate', title: { zh: '结案率', en: 'Closed' }, unit: '%', value: 93.72, numerator: 911, denominator: 972, baseline: { value: 90 }, change: { absolute: 3.72, relative: 4.13, points: 3.72 }, better: 'up', formula: { zh: '结案数 ÷ 应结案数', en: 'closed / due' }, small: false, records: '/collections/events/items?a=b' };

describe('the figures of a period', () => {
  it('are read with their areas', () => {
    const body = { period: { start: '2017-12-02T00:00:00+08:00', end: '2017-12-31T23:59:59.999+08:00' }, kpis: [figure], areas: [{ code: 'c1', name: '中山', kpis: [{ ...figure, value: null }] }] };
    const read = readKpis(body);
    expect(read.kpis[0]).toMatchObject({ id: 'closing_rate', value: 93.72, baseline: 90, change: 3.72, records: '/collections/events/items?a=b' });
    expect(read.areas[0]?.kpis.get('closing_rate')?.value).toBeNull();
    expect(read.from).toBe(Date.UTC(2017, 11, 1, 16));
  });

  it('are nothing where nothing came', () => {
    expect(readKpis(undefined)).toMatchObject({ kpis: [], areas: [] });
  });

  it('are asked for by id, area and part', () => {
    expect(kpiPath(['a', 'b'])).toBe('/analytics/kpi?baseline=previous&id=a,b');
    expect(kpiPath(['a'], '420106001005', 'grid')).toBe('/analytics/kpi?baseline=previous&id=a&scope=420106001005&by=grid');
  });

  it('are written with their unit', () => {
    expect(kpiText(93.72, '%', 'zh')).toEqual(['93.7', '%']);
    expect(kpiText(1.917, 'd', 'en')).toEqual(['1.92', 'd']);
    expect(kpiText(1234, 'count', 'zh')).toEqual(['1,234', '']);
    expect(kpiText(null, '%', 'zh')).toEqual(['—', '']);
  });

  it('say whether a change is for the better', () => {
    const [kpi] = readKpis({ kpis: [figure] }).kpis;
    if (!kpi) throw new Error('no figure');
    expect([trendOf(kpi), trendOf({ ...kpi, better: 'down' }), trendOf({ ...kpi, change: 0 }), trendOf({ ...kpi, change: null })]).toEqual(['good', 'bad', 'even', 'even']);
  });
});
