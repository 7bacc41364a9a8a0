// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { Card } from './card';
import { groupable, usualCharts } from './charts';
import { Compare } from './compare';
import { KpiTab } from './kpitab';
import { Legend, legendNumber } from './legend';
import { linkOf, Share } from './share';
import { click, shown, testView, texts } from './testview';

const groups = (...counts: number[]): unknown => ({ matched: counts.reduce((a, b) => a + b, 0), groups: counts.map((count, i) => ({ key: [String(i + 1)], title: [{ zh: `${i + 1}`, en: `${i + 1}` }], count })) });

describe('the comparison', () => {
  it('puts the periods side by side, with the whole first', async () => {
    const view = testView({ filter: { terms: [], datetime: '2017-07-01/2017-09-30' }, versus: 'year', by: 'level' }, (path) => (path.includes('2016') ? groups(80, 7) : groups(150, 12)));
    const host = await shown(<Compare view={view} />);
    expect(texts(host, '[data-pair=total] td').slice(0, 3)).toEqual(['162', '87', '+75 (+86.21 %)']);
    expect(texts(host, '[data-pair="2"] td').slice(0, 3)).toEqual(['12', '7', '+5 (+71.43 %)']);
    await click(host, '[data-diff]');
    expect([view.state.diff, view.state.map]).toEqual([true, 'heat']);
  });

  it('asks for a window first', async () => {
    const host = await shown(<Compare view={testView()} />);
    expect(texts(host, '.empty')).toHaveLength(1);
  });
});

describe('the figures', () => {
  const kpi = { id: 'filed', title: { zh: '立案数' }, unit: 'count', value: 12, numerator: 12, denominator: 12, baseline: { value: 8 }, change: { absolute: 4, relative: 50 }, formula: { zh: '期内立案' }, small: true, records: '/collections/events/items?level=3' };

  it('show what they are made of, and open their records', async () => {
    const view = testView({ filter: { terms: [{ field: 'level', is: '3' }] } }, () => ({ kpis: [kpi] }));
    const host = await shown(<KpiTab view={view} />);
    expect(view.asked).toEqual(['/analytics/kpi?level=3']);
    expect(texts(host, '[data-kpi=filed] td')[0]).toBe('12');
    expect(host.textContent).toContain('样本少');
    expect(host.textContent).toContain('期内立案');
    await click(host, '[data-records=filed]');
    expect(view.state).toMatchObject({ tab: 'table', layer: 'events', filter: { terms: [{ field: 'level', is: '3' }] } });
  });

  it('say why there are none', async () => {
    const host = await shown(<KpiTab view={testView({}, () => new Error('no such period'))} />);
    expect(texts(host, '[role=alert]')).toEqual(['no such period']);
  });

  it('of the sample are a click away', async () => {
    const view = testView({}, () => ({ kpis: [] }));
    await click(await shown(<KpiTab view={view} />), '[data-article]');
    expect(view.state).toMatchObject({ filter: { datetime: '2017-07-01/2017-09-30' }, versus: 'year' });
  });
});

describe('the link of a view', () => {
  it('says the layer and its last change', () => {
    const view = testView({ filter: { terms: [{ field: 'level', is: '3' }] }, tab: 'charts' });
    expect(linkOf(view, 'http://x/ui/analysis')).toBe('http://x/ui/analysis#layer=events&f.level=3&tab=charts&seq=12');
  });

  it('warns when the data has changed since, and only then', async () => {
    expect(texts(await shown(<Share view={testView({ seq: 11 })} snapshot={12} />), '[role=alert]')).toHaveLength(1);
    expect(texts(await shown(<Share view={testView({ seq: 12 })} snapshot={12} />), '[role=alert]')).toHaveLength(0);
  });
});

it('shows a record with what it has', async () => {
  const view = testView({ id: 7 });
  const item = { id: 7, positions: [], values: { domain: 'urban', accuracy_m: 5, code: null } };
  const host = await shown(<Card view={view} found={{ value: { item }, asking: false }} />);
  expect(texts(host, 'dd')).toEqual(['城市管理', '5 m']);
  expect(texts(await shown(<Card view={view} found={{ asking: false }} />), '[role=alert]')).toEqual(['该记录不存在,或您无权查看']);
});

it('knows what a layer can be charted by', () => {
  const { layer } = testView();
  expect(groupable(layer)).toEqual(['time', 'domain', 'level', 'community', 'hour', 'weekday']);
  expect(usualCharts(layer)).toEqual(groupable(layer));
});

it('has a legend in units', async () => {
  const host = await shown(<Legend legend={{ title: '事件', unit: '条/千户', lines: [{ color: '#112233', text: '1 – 2' }], note: '样本少' }} />);
  expect([texts(host, 'h2'), texts(host, 'li'), texts(host, 'p')]).toEqual([['事件 条/千户'], ['1 – 2'], ['样本少']]);
  expect([legendNumber(1234), legendNumber(0.44444), legendNumber(-1.333333)]).toEqual(['1,234', '0.444', '-1.33']);
});
