// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { readItem } from '../service/data';
import { fieldOf } from './schema';
import { nextSort, Table } from './table';
import { click, shown, testView, texts } from './testview';

const items = [readItem({ id: 7, geometry: null, properties: { code: 'A7', domain: 'urban', level: 3, reported_at: '2017-11-30T16:05:00Z', accuracy_m: 12.5, community: '420106001002' } })].flatMap((i) => i ?? []);
const page = { value: { items, matched: 250, next: 'WzFd', seq: 12 }, asking: false };

describe('the table', () => {
  it('shows codes by their titles, times of China, areas by their names', async () => {
    const host = await shown(<Table view={testView({ columns: ['domain', 'reported_at', 'community', 'accuracy_m'] })} page={page} />);
    expect(texts(host, 'tbody td')).toEqual(['7', '城市管理', '2017-12-01 00:05', '中山', '12.5']);
  });

  it('sorts by a click on a column, and shows a row by a click on it', async () => {
    const view = testView();
    const host = await shown(<Table view={view} page={page} />);
    await click(host, '[data-sort=level]');
    expect(view.state.sort).toBe('-level');
    await click(host, 'tbody tr button');
    expect(view.state.id).toBe(7);
  });

  it('says where an order goes next, and ends as it began', () => {
    const { layer } = testView();
    for (const name of ['level', 'code', 'reported_at']) {
      const field = fieldOf(layer, name);
      if (!field) throw new Error(name);
      const first = nextSort(undefined, field);
      const second = nextSort(first, field);
      expect([first, second].sort()).toEqual([`-${name}`, name]);
      expect(nextSort(second, field)).toBeUndefined();
    }
  });

  it('turns pages', async () => {
    const view = testView();
    const host = await shown(<Table view={view} page={page} />);
    expect(texts(host, '.pager span')).toEqual(['第 1–1 条,共 250 条']);
    await click(host, '.pager button:last-child');
    expect([view.state.page, view.state.after]).toEqual([2, 'WzFd']);
  });

  it('chooses columns in the order of the layer', async () => {
    const view = testView({ columns: ['level'] });
    const host = await shown(<Table view={view} page={page} />);
    await click(host, '.popover label:first-child input');
    expect(view.state.columns).toEqual(['code', 'level']);
  });

  it('says that nothing matches', async () => {
    const host = await shown(<Table view={testView()} page={{ value: { items: [], matched: 0, seq: 1 }, asking: false }} />);
    expect(texts(host, '.empty')).toEqual(['没有符合条件的记录']);
  });
});
