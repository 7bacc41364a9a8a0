import { describe, expect, it } from 'vitest';
import { queryOf } from './filter';
import { changeText, headlines, kpiPath, readKpis, recordsFilter, valueWords, verdict, type Kpi } from './kpis';

const figure = (id: string, unit: string, better: string, before: number, value: number, change: object): object => ({
  id, unit, better, value, numerator: value, denominator: 1500, title: { zh: `题${id}`, en: id }, formula: { zh: '式', en: 'formula' }, small: false,
  baseline: { value: before, numerator: before, denominator: 1250 }, change, records: '/collections/events/items?scope=420106001011&filed_at=%3E%3D2017-07-01T00%3A00%3A00%2B08%3A00&filed_at=%3C2017-10-01T00%3A00%3A00%2B08%3A00&request=complaint',
});
const answer = readKpis({
  period: { start: '2017-07-01T00:00:00+08:00', end: '2017-09-30T23:59:59.999999+08:00' },
  baseline: { start: '2016-07-01T00:00:00+08:00', end: '2016-09-30T23:59:59.999999+08:00', kind: 'year' },
  kpis: [
    figure('complaints_filed', 'count', '', 87, 162, { absolute: 75, relative: 86.2069, points: null }),
    figure('active_discoveries', 'count', 'up', 87, 326, { absolute: 239, relative: 274.7126, points: null }),
    figure('on_spot_rate', '%', 'up', 91.2, 94.2, { absolute: 3, relative: 3.2895, points: 3 }),
    figure('handling_mean', 'd', 'down', 3.71, 1.92, { absolute: -1.79, relative: -48.248, points: null }),
    { id: 'satisfaction', unit: '%', value: null, reason: { zh: '没有字段', en: 'no field' } },
  ],
  areas: [{ code: '420106001011', name: '金地花园社区', kpis: [figure('filed', 'count', '', 1, 2, {})] }],
});
const at = (i: number): Kpi => answer.kpis[i] as Kpi;

describe('the figures', () => {
  it('are read with their windows and areas', () => {
    expect([answer.period, answer.baseline]).toEqual(['2017-07-01/2017-09-30', '2016-07-01/2016-09-30']);
    expect(answer.areas[0]?.kpis[0]?.value).toBe(2);
    expect(at(4)).toMatchObject({ value: null, title: { zh: 'satisfaction' }, reason: { en: 'no field' }, records: '' });
  });

  it('give the five headlines', () => {
    expect(headlines(answer.kpis, 'zh').map((h) => `${h.title.zh} ${h.text}`)).toEqual(['投诉立案增长 +86.21 %', '主动发现增长 +274.71 %', '即时办结率 +3.29 %', '均时提效 1.79 天', '提速 48.25 %']);
    expect(headlines(answer.kpis, 'zh')[2]?.more).toBe('91.20 % → 94.20 % (+3.00 个百分点)');
  });

  it('say their change in the unit, in points, and as a part', () => {
    expect(answer.kpis.map((k) => changeText(k, 'en'))).toEqual(['+75 · +86.21 %', '+239 · +274.71 %', '+3.00 points · +3.29 %', '−1.79 d · −48.25 %', '—']);
    expect(answer.kpis.map(verdict)).toEqual(['none', 'good', 'good', 'good', 'none']);
  });

  it('are written in their units', () => {
    expect([valueWords(null, '%', 'zh'), valueWords(94.2, '%', 'zh'), valueWords(1.92, 'd', 'zh'), valueWords(9, 'h', 'en'), valueWords(1500, 'count', 'en'), valueWords(0.3712, 'count', 'en')]).toEqual([
      '—', '94.20 %', '1.92 天', '9 h', '1,500', '0.371',
    ]);
  });

  it('open their records as a filter that asks the same', () => {
    const found = recordsFilter(at(0).records);
    expect(found?.layer).toBe('events');
    const asked = new URLSearchParams(at(0).records.split('?')[1]);
    expect([...queryOf(found?.filter ?? { terms: [] })].map(String).sort()).toEqual([...asked].map(String).sort());
    expect([recordsFilter(''), recordsFilter('/other?x=1')]).toEqual([undefined, undefined]);
  });

  it('are of the window of the filter', () => {
    const filter = { terms: [{ field: 'level', is: '3' }], datetime: '2017-07-01/2017-09-30', scope: '420106001' };
    expect(kpiPath({ filter, versus: 'year', by: 'grid', id: 'filed' })).toBe('/analytics/kpi?level=3&scope=420106001&period=2017-07-01%2F2017-09-30&baseline=year&by=grid&id=filed');
    expect(kpiPath({ filter: { terms: [] }, versus: undefined })).toBe('/analytics/kpi?');
  });
});
