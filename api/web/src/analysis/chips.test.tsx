// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { Chips } from './chips';
import { click, shown, testView, texts } from './testview';

it('says the filter in words and how much it leaves; a click takes a part away', async () => {
  const view = testView({ filter: { terms: [{ field: 'domain', is: 'urban' }], scope: '420106001002' } });
  const host = await shown(<Chips view={view} matched={1590} error={undefined} />);
  expect(texts(host, '.matched')).toEqual(['事件 · 符合条件 1,590 条']);
  expect(texts(host, '.chip span:first-child')).toEqual(['领域 城市管理', '所属 中山']);
  await click(host, '.chip');
  expect(view.state.filter).toEqual({ terms: [], scope: '420106001002' });
});

it('says what is wrong with a filter', async () => {
  const host = await shown(<Chips view={testView()} matched={undefined} error="unknown field" />);
  expect(texts(host, '[role=alert]')).toEqual(['unknown field']);
  expect(texts(host, '.chip')).toEqual([]);
});
