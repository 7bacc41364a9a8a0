// @vitest-environment happy-dom
import { render } from 'preact';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Client, TokenStore } from '../service/client';
import { later, press, problem, submit, write } from '../ui/testing';
import { askItem } from './ask';
import { Card } from './card';
import { NumberRange, TextValue } from './conditions';
import { Pager } from './pager';
import { codec } from './state';
import { linkOf, Share } from './share';
import { Tabs, tabOf } from './tabs';
import { answered, click, living, shown, testView, texts } from './testview';
import { TimePanel } from './timepanel';
import { useAnswer } from './use';
import { keyOf, type View } from './view';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const field = <T extends HTMLElement = HTMLInputElement>(host: ParentNode, selector: string): T => {
  const found = host.querySelector<T>(selector);
  if (!found) throw new Error(`${selector} is missing`);
  return found;
};
/** Enters a day as a date field does. */
const enterDay = (host: ParentNode, label: string, day: string): void => {
  const at = field(host, `input[aria-label="${label}"]`);
  at.value = day;
  at.dispatchEvent(new Event('change', { bubbles: true }));
};

describe('the tabs', () => {
  const tabs = (view: View) => <Tabs view={view} />;

  it('go round with the arrows, and the focus with them', async () => {
    const view = testView();
    const host = await living(view, tabs);
    const at = (key: string): unknown[] => {
      press(field(host, '[aria-selected=true]'), key);
      return [tabOf(view), document.activeElement?.id];
    };
    expect([at('ArrowLeft'), at('ArrowRight'), at('ArrowRight')]).toEqual([['kpi', 'tab-kpi'], ['table', 'tab-table'], ['charts', 'tab-charts']]);
    expect([...host.querySelectorAll<HTMLElement>('[role=tab]')].map((t) => t.tabIndex)).toEqual([-1, 0, -1, -1]);
  });

  it('leave the first of them out of the address', async () => {
    const view = testView({ tab: 'charts', lang: 'en' });
    const host = await living(view, tabs);
    expect(texts(host, '[role=tab]')).toEqual(['Table', 'Charts', 'Compare', 'KPIs']);
    await click(host, '#tab-table');
    expect(codec.write(view.state).has('tab')).toBe(false);
    expect(field(host, '#tab-table').getAttribute('aria-controls')).toBe('panel-table');
  });

  it('of a layer without figures have no KPIs, and the table instead where the address asks for them', async () => {
    const view = testView({ tab: 'kpi' });
    const host = await shown(<Tabs view={Object.assign(view, { layer: { ...view.layer, id: 'screens' } })} />);
    expect(texts(host, '[role=tab]')).toEqual(['表格', '图表', '对比']);
    expect(texts(host, '[aria-selected=true][tabindex="0"]')).toEqual(['表格']);
    expect(tabOf(view)).toBe('table');
  });
});

describe('the pager', () => {
  const rows = { start: 0, shown: 100, matched: 1250, next: 'c2' };
  const pager = (view: View) => <Pager view={view} {...rows} start={((view.state.page ?? 1) - 1) * 100} next={`c${(view.state.page ?? 1) + 1}`} />;

  it('goes on by the cursor of the service, and back by those it came with', async () => {
    const view = testView();
    const host = await living(view, pager);
    const seen: unknown[] = [];
    for (const button of ['last', 'last', 'first', 'first']) {
      await click(host, `button:${button}-child`);
      seen.push([view.state.page, view.state.after]);
    }
    expect(seen).toEqual([[2, 'c2'], [3, 'c3'], [2, 'c2'], [undefined, undefined]]);
  });

  it('of a link into the middle goes back to the first page, for it knows no other', async () => {
    const view = testView({ page: 3, after: 'c3', lang: 'en' });
    const host = await shown(<Pager view={view} {...rows} start={200} />);
    expect(texts(host, 'button,span')).toEqual(['First', '201–300 of 1,250', 'Next']);
    await click(host, 'button');
    expect([view.state.page, view.state.after]).toEqual([undefined, undefined]);
  });

  it('ends at both ends, and says nothing of numbers that it does not know', async () => {
    const host = await shown(<Pager view={testView()} {...rows} matched={undefined} next={undefined} />);
    expect([...host.querySelectorAll('button')].map((b) => b.disabled)).toEqual([true, true]);
    expect(texts(host, 'span')).toEqual(['…']);
    expect(texts(await shown(<Pager view={testView()} start={0} shown={0} matched={0} next={undefined} />), 'span')).toEqual(['第 0–0 条,共 0 条']);
  });
});

describe('sharing', () => {
  it('copies a link that opens the same view of the same snapshot, and keeps it in the address', async () => {
    const copied: string[] = [];
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation((text) => Promise.resolve(void copied.push(text)));
    const view = testView({ filter: { terms: [{ field: 'level', is: '>=3' }] }, tab: 'charts', sort: '-level' });
    const host = await shown(<Share view={view} snapshot={12} />);
    await click(host, '[data-copy]');
    expect(texts(host, '[role=status]')).toEqual(['已复制']);
    const opened = codec.read(new URLSearchParams(new URL(copied[0] ?? '').hash.slice(1)));
    expect(opened).toMatchObject({ filter: view.state.filter, tab: 'charts', sort: '-level', layer: 'events', seq: 12 });
    expect(linkOf(view, 'http://x/')).toBe(linkOf({ ...view, state: opened }, 'http://x/'));
    expect(view.state.seq).toBe(12);
  });

  it('copies on plain http too, and says so when nothing can be copied', async () => {
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('not secure'));
    const execCommand = vi.fn(() => true);
    Object.assign(document, { execCommand });
    const host = await shown(<Share view={testView({ lang: 'en' })} snapshot={undefined} />);
    await click(host, '[data-copy]');
    expect(texts(host, '[role=status]')).toEqual(['Copied']);
    execCommand.mockReturnValue(false);
    await click(host, '[data-copy]');
    expect(texts(host, '[role=status]')).toEqual(['The browser does not allow copying; take the link from the address bar']);
    expect(document.querySelector('textarea')).toBeNull();
  });

  it('names the snapshot, warns of a link that is older, and prints', async () => {
    const print = vi.fn();
    vi.stubGlobal('print', print);
    const host = await shown(<Share view={testView({ seq: 9, lang: 'en' })} snapshot={12} />);
    expect(texts(host, '.snapshot,[role=alert]')).toEqual(['The data has changed since this link was made (snapshot 9 → 12); numbers may differ', 'Snapshot 12']);
    await click(host, 'button:last-child');
    expect(print).toHaveBeenCalledOnce();
    expect(texts(await shown(<Share view={testView({ seq: 13 })} snapshot={undefined} />), '.snapshot,[role=alert]')).toEqual([]);
  });
});

describe('the time panel', () => {
  const panel = (view: View) => <TimePanel view={view} />;
  const pressed = (host: HTMLElement): string[] => texts(host, '[aria-pressed=true]');

  it('shows which preset holds, and takes it back', async () => {
    const view = testView({ page: 4, after: 'x' });
    const host = await living(view, panel);
    expect(pressed(host)).toEqual(['全部时间']);
    await click(host, '[data-preset=last7]');
    expect([view.state.filter.datetime, view.state.page, pressed(host)]).toEqual(['2017-12-25/2017-12-31', undefined, ['近 7 天']]);
    await click(host, '.preset');
    expect([view.state.filter.datetime, pressed(host)]).toEqual([undefined, ['全部时间']]);
  });

  it('takes two days; one that is past the other end becomes both, and what is no day changes nothing', async () => {
    const view = testView({ filter: { terms: [], scope: '420106001002' }, lang: 'en' });
    const host = await living(view, panel);
    const days: unknown[] = [];
    for (const [label, day] of [['To', '2017-03-31'], ['From', '2017-03-01'], ['From', '2017-04-02'], ['From', '']] as const) {
      enterDay(host, label, day);
      days.push(view.state.filter.datetime);
    }
    expect(days).toEqual(['2016-01-01/2017-03-31', '2017-03-01/2017-03-31', '2017-04-02/2017-04-02', '2017-04-02/2017-04-02']);
    expect(view.state.filter.scope).toBe('420106001002');
    expect(texts(host, '.note')).toEqual(['as of 2017-12-31, the newest day of the data']);
  });

  it('has no presets while the newest day is not known, and is not there for a layer without time', async () => {
    const view = testView();
    expect(texts(await shown(<TimePanel view={{ ...view, extent: undefined }} />), '.preset,.note')).toEqual(['全部时间']);
    expect((await shown(<TimePanel view={{ ...view, layer: { ...view.layer, timeField: '' } }} />)).innerHTML).toBe('');
  });
});

describe('typed conditions', () => {
  it('are a range of the field that was chosen; an empty end is open, and two take it away', async () => {
    const view = testView({ filter: { terms: [{ field: 'level', is: '>=2' }] }, lang: 'en' });
    const host = await living(view, (v) => <NumberRange view={v} />);
    expect(texts(host, 'option')).toEqual(['Level', 'Accuracy (m)']);
    expect(field(host, '[name=least]').value).toBe('2');
    write(field<HTMLSelectElement & HTMLInputElement>(host, 'select'), 'accuracy_m');
    await answered();
    field(host, '[name=most]').value = '12.5';
    await submit(host);
    expect(view.state.filter.terms).toEqual([{ field: 'level', is: '>=2' }, { field: 'accuracy_m', is: '<=12.5' }]);
    field(host, '[name=most]').value = '';
    await submit(host);
    expect(view.state.filter.terms).toEqual([{ field: 'level', is: '>=2' }]);
  });

  it('are values of a text, in the field as they hold, and begin the table anew', async () => {
    const view = testView({ filter: { terms: [{ field: 'code', is: 'A7,A8' }] }, page: 3, after: 'x' });
    const host = await living(view, (v) => <TextValue view={v} />);
    expect(field(host, '[name=value]').value).toBe('A7,A8');
    field(host, '[name=value]').value = '  ';
    await submit(host);
    expect([view.state.filter.terms, view.state.page]).toEqual([[], undefined]);
  });

  it('are not offered where a layer has nothing of the kind', async () => {
    const view = testView();
    const bare = { ...view, layer: { ...view.layer, fields: [] } };
    expect((await shown(<><NumberRange view={bare} /><TextValue view={bare} /></>)).innerHTML).toBe('');
  });
});

describe('the card', () => {
  const record = (id: number, code: string) => ({ id, geometry: null, properties: { code, level: 3 } });
  /** The card with its question, as the page asks it. */
  function Asking({ view }: { view: View }) {
    const { id } = view.state;
    return <Card view={view} found={useAnswer(id === undefined ? undefined : keyOf(view, id), (signal) => askItem(view.client, 'events', id ?? 0, signal))} />;
  }
  const asking = (view: View) => <Asking view={view} />;

  it('closes, and is not there while no record is looked at', async () => {
    const view = testView({ id: 7, lang: 'en' }, () => record(7, 'A7'));
    const host = await living(view, asking);
    expect(texts(host, 'h2,dt,dd')).toEqual(['Events 7', 'Code', 'A7', 'Level', '3']);
    await click(host, 'button[aria-label=Close]');
    expect([codec.write(view.state).has('id'), host.innerHTML]).toEqual([false, '']);
  });

  it('never shows what is of one record under the number of another', async () => {
    const slow = later();
    const view = testView({ id: 7 }, (path) => (path.endsWith('/7') ? record(7, 'A7') : slow.answer));
    const host = await living(view, asking);
    view.change({ id: 8 });
    expect(texts(host, 'h2,dd')).toEqual(['事件 8']);
    slow.come(record(8, 'A8'));
    await answered();
    expect(texts(host, 'h2,dd')).toEqual(['事件 8', 'A8', '3']);
  });

  it('does not say that a record is missing before the service has', async () => {
    const view = testView({}, () => record(7, 'A7'));
    const host = await living(view, asking);
    render(asking({ ...view, state: { ...view.state, id: 7 } }), host);
    expect(texts(host, '[role=alert]')).toEqual([]); // now, before the question is even put
    await vi.waitFor(() => expect(texts(host, 'dd')).toEqual(['A7', '3'])); // drawn outside act, so the question is put when the page is next painted
  });

  it.each([[404, 'There is no such record, or you may not see it'], [403, 'the service says why'], [503, 'the service says why']])('says what became of an answer %i', async (status, said) => {
    vi.stubGlobal('fetch', () => Promise.resolve(problem(status, 'the service says why')()));
    const view = Object.assign(testView({ id: 7, lang: 'en' }), { client: new Client(new TokenStore(undefined, undefined), () => undefined) });
    expect(texts(await living(view, asking), '[role=alert]')).toEqual([said]);
  });
});
