// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { Facet } from './facet';
import { fieldOf } from './schema';
import { click, shown, testView, texts } from './testview';

const answer = (): unknown => ({ matched: 9, groups: [{ key: ['party'], title: [{ zh: '党建', en: 'party' }], count: 2 }, { key: ['null()'], title: [{}], count: 7 }] });

it('counts every value under the rest of the filter, and filters by a click', async () => {
  const view = testView({ filter: { terms: [{ field: 'domain', is: 'party' }, { field: 'level', is: '3' }] } }, answer);
  const field = fieldOf(view.layer, 'domain');
  if (!field) throw new Error('no field');
  const host = await shown(<Facet view={view} field={field} open />);
  expect(view.asked).toEqual(['/analytics/groups/events?level=3&by=domain']);
  expect(texts(host, '.choice')).toEqual(['城市管理0', '党建2', '(无)7']);
  expect(host.querySelector('[data-value=party]')?.getAttribute('aria-pressed')).toBe('true');
  await click(host, '[data-value=urban]');
  expect(view.state.filter.terms).toContainEqual({ field: 'domain', is: 'party,urban' });
  await click(host, '[data-value=""]');
  expect(view.state.filter.terms).toContainEqual({ field: 'domain', is: 'null()' });
});

it('asks nothing while it is closed, and opens in the address', async () => {
  const view = testView({ facets: [] }, answer);
  const field = fieldOf(view.layer, 'domain');
  if (!field) throw new Error('no field');
  const host = await shown(<Facet view={view} field={field} open={false} />);
  expect(view.asked).toEqual([]);
  await click(host, 'summary');
  expect(view.state.facets).toEqual(['domain']);
});
