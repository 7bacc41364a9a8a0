// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { AreaPanel } from './areapanel';
import { NumberRange, TextValue } from './conditions';
import { FilterPanel } from './filterpanel';
import { Tabs } from './tabs';
import { TimePanel } from './timepanel';
import { click, shown, testView, texts } from './testview';

const enter = (host: HTMLElement, selector: string, value: string, event: string): void => {
  const field = host.querySelector<HTMLInputElement | HTMLSelectElement>(selector);
  if (!field) throw new Error(selector);
  field.value = value;
  field.dispatchEvent(new Event(event, { bubbles: true }));
};

describe('the time', () => {
  it('is a preset counted from the newest day, or two days', async () => {
    const view = testView();
    const host = await shown(<TimePanel view={view} />);
    await click(host, '[data-preset=lastMonth]');
    expect(view.state.filter.datetime).toBe('2017-11-01/2017-11-30');
    const days = await shown(<TimePanel view={view} />);
    enter(days, 'input', '2017-11-15', 'change');
    expect(view.state.filter.datetime).toBe('2017-11-15/2017-11-30');
  });
});

describe('the area', () => {
  it('goes down from the community to the grid, and up again', async () => {
    const view = testView({ filter: { terms: [], scope: '42010600100201' } });
    const host = await shown(<AreaPanel view={view} />);
    expect(texts(host, '[data-area=grid] option')).toEqual(['网格…', '中山001网格']);
    enter(host, '[data-area=grid]', '420106001002001', 'change');
    expect(view.state.filter.scope).toBe('420106001002001');
    enter(host, '[data-area=zone]', '', 'change');
    expect(view.state.filter.scope).toBe('420106001002');
    enter(host, '[data-area=community]', '', 'change');
    expect(view.state.filter.scope).toBeUndefined();
  });
});

describe('a condition that is typed', () => {
  it('is a range of numbers', async () => {
    const view = testView();
    const host = await shown(<NumberRange view={view} />);
    const least = host.querySelector<HTMLInputElement>('[name=least]');
    if (least) least.value = '2';
    host.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    expect(view.state.filter.terms).toEqual([{ field: 'level', is: '>=2' }]);
  });

  it('is the text of a code', async () => {
    const view = testView();
    const host = await shown(<TextValue view={view} />);
    const value = host.querySelector<HTMLInputElement>('[name=value]');
    if (value) value.value = ' A7 ';
    host.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    expect(view.state.filter.terms).toEqual([{ field: 'code', is: 'A7' }]);
  });
});

it('shows what a layer can be filtered by', async () => {
  const host = await shown(<FilterPanel view={testView({ facets: [] })} />);
  expect(texts(host, '.facet summary')).toEqual(['领域', '级别']);
});

it('has tabs that the address knows', async () => {
  const view = testView({ tab: 'kpi' });
  const host = await shown(<Tabs view={view} />);
  expect(texts(host, '[aria-selected=true]')).toEqual(['指标']);
  await click(host, '#tab-charts');
  expect(view.state.tab).toBe('charts');
});
