// @vitest-environment happy-dom
import { describe, expect, it, vi } from 'vitest';
import { happen, press, problem, stage, submit, write } from '../ui/testing';
import type { LiveMap } from '../map/live';
import { DeskPage } from './desk';
import { desks, DISPATCHER, eventBody, heldBody, pageOf, PUBLIC } from './desk.testing';
import { NOW, rankingBody } from './sample.testing';

vi.mock('../ui/map', () => ({ MapView: () => null })); // it needs a graphics card
vi.mock('./mapside', () => ({ wireMap: () => () => undefined }));

const show = stage();
const aDesk = desks();

/** The page with its first answers. */
async function open(...what: Parameters<typeof aDesk>) {
  const desk = aDesk(...what);
  const host = show(<DeskPage desk={desk.desk} />);
  const pass = (ms?: number) => happen(() => desk.pass(ms));
  await pass();
  const one = (selector: string): HTMLElement => {
    const found = host.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(`${selector} is not in ${host.innerHTML}`);
    return found;
  };
  const text = (selector: string): string => host.querySelector(selector)?.textContent?.trim() ?? '';
  const texts = (selector: string): string[] => [...host.querySelectorAll(selector)].map((e) => e.textContent?.trim() ?? '');
  const button = (words: string): HTMLElement => {
    const found = [...host.querySelectorAll('button')].find((b) => b.textContent?.includes(words));
    if (!found) throw new Error(`no button ${words}`);
    return found;
  };
  const click = async (at: string | HTMLElement): Promise<void> => {
    await happen(() => (typeof at === 'string' ? one(at) : at).click());
    await pass();
  };
  const key = async (name: string, at: Element = document.body): Promise<void> => {
    await happen(() => void press(at, name));
    await pass();
  };
  const orders = (): unknown[] => desk.service.log.filter((a) => a.line === 'POST /dispatch').map((a) => a.body);
  return { ...desk, host, pass, one, text, texts, button, click, key, orders };
}

describe('the queue of the page', () => {
  it('opens an event by a click, and goes back to nothing', async () => {
    const { click, text, texts, button } = await open();
    expect([texts('.queue-row').length, text('.queue-head h2'), text('.nothing p')]).toEqual([2, '待办事件 2 件', '请在左侧选择事件,或点击地图上的位置']);
    await click('[data-event="1"]');
    expect([location.hash, text('.event-head h2'), texts('.candidate').length]).toEqual(['#event=1', '事件 1', 3]);
    await click(button('返回'));
    expect([location.hash, texts('.event-head')]).toEqual(['', []]);
  });

  it('says how much of it a filter leaves, and how much the service has beyond it', async () => {
    const { text, texts, button, click, one } = await open('', { '/collections/events/items?': { ...pageOf(eventBody(1), eventBody(2, { severity: 'critical', community: '420106001002' })), numberMatched: 600 } });
    expect([text('.queue-head small'), text('.queue-foot')]).toEqual(['2 / 600 件', '剩余时间按自然时间计 · 只列出前 500 件']);
    await click(button('重大'));
    expect([location.hash, texts('.queue-row').length]).toEqual(['#severity=critical', 1]);
    await happen(() => write(one('.filters select') as HTMLSelectElement, '420106001020'));
    expect([location.hash, text('.queue-empty')]).toEqual(['#severity=critical&area=420106001020', '没有符合条件的未结事件']);
  });

  it('is not shown before it is known, and says who is on the way to an event', async () => {
    const { texts } = await open('', { '/collections/events/items?': problem(503) });
    expect(texts('.queue-row, .queue-empty, .queue-head small')).toEqual([]);
    expect((await open('', { '/collections/assignments/items': pageOf(heldBody(58, 1, 'assigned')) })).text('[data-event="1"] .queue-held')).toBe('➜ 网格长 58');
  });

  it('is in English where the address says so', async () => {
    const { text, texts } = await open('#lang=en');
    expect([text('.queue-head h2'), text('.queue-foot'), text('.nothing p'), document.documentElement.lang]).toEqual(['Open events 2', 'time left is calendar time', 'Choose an event at the left, or click a place on the map', 'en']);
    expect(texts('.filters [aria-pressed=true]')).toEqual(['All']);
  });
});

describe('the side', () => {
  it('asks the public for a token and offers nothing that needs one', async () => {
    const { text, click, connection, texts } = await open('#at=114.308,30.5674', {}, PUBLIC);
    expect([text('.gate p'), text('.event-head h2'), texts('.ranked, .asking, .candidate').length]).toEqual(['调度台需要令牌: 事件与人员不对公众开放', '地图位置', 0]);
    expect(texts('button').filter((b) => b.includes('新建'))).toEqual([]);
    await click('.gate button');
    expect(connection.asking.value).toBe(true);
  });

  it('says to whom may only look that they may not send', async () => {
    const { text, texts } = await open('#event=1', {}, { collections: DISPATCHER.collections.map((c) => ({ ...c, writable: false })) });
    expect([text('.gate p'), texts('.candidate').length, texts('.send').length]).toEqual(['当前令牌只能查看, 不能派遣或新建事件 (需要调度员或管理员令牌)', 3, 0]);
  });

  it('says that an event is not there, and does not pretend to rank anybody for it', async () => {
    const { text, texts } = await open('#event=9', { '/collections/events/items/9': problem(404) });
    expect([text('[role=alert]'), texts('.asking')]).toEqual(['没有这个事件,或当前令牌无权查看', []]);
  });

  it.each([['已结', { stage: 'closed' }], ['已上报', { at: undefined }]] as const)('ranks nobody for an event that is closed or nowhere: %s %j', async (stage, more) => {
    const { text, texts } = await open('#event=1', { '/collections/events/items/1': eventBody(1, more) });
    expect([text('.event-head .tag'), texts('.ranked, .asking')]).toEqual([stage, []]);
  });

  it('says that it is ranking, and why it could not', async () => {
    const { text, service, changed, pass } = await open('#event=1', { '/dispatch': problem(503) });
    expect(text('.asking')).toBe('正在排序…');
    service.answers['/dispatch'] = problem(422, 'no responder is on duty');
    changed({ layer: 'assignments' });
    await pass(300);
    expect(text('.side [role=alert]')).toBe('没有可派人员 · 服务说明: no responder is on duty');
  });

  it('of a place has the level of what happens there, for which it is ranked', async () => {
    const { click, button, service, texts } = await open('#at=114.308,30.5674');
    expect(texts('.event-head [aria-pressed=true]')).toEqual(['2 级']);
    await click(button('4 级'));
    expect([location.hash, service.asked('/dispatch').at(-1)]).toEqual(['#at=114.308000,30.567400&level=4', '/dispatch?lon=114.308&lat=30.5674&level=4&k=5']);
  });

  it('shows more candidates on request, and another role', async () => {
    const more = rankingBody() as { lists: object[] };
    const { click, button, service, desk, text } = await open('#event=1', { '/dispatch': { ...more, lists: [...more.lists, { role: 'police', title: { zh: '民警' }, candidates: [], summary: { zh: '没有民警在岗' } }] } });
    await click(button('更多候选'));
    expect([location.hash, service.asked('/dispatch').at(-1)]).toEqual(['#event=1&k=9', '/dispatch?event=1&k=9']);
    await click(button('民警'));
    expect([desk.role.value, text('.summary')]).toEqual(['police', '没有民警在岗']);
  });

  it('moves on who was sent, asking for a reason where one is needed', async () => {
    const held = heldBody(58, 1, 'assigned', { assigned_at: new Date(NOW - 60_000).toISOString() });
    const { click, text, texts, orders, host, one, pass } = await open('#event=1', { '/collections/assignments/items': pageOf(held) });
    expect(texts('.held [data-move]')).toEqual(['签收', '拒绝', '收回']);
    await click('[data-move=refuse]');
    expect([orders(), text('#reason-title')]).toEqual([[], '拒绝 网格长 58: 请写理由']);
    await happen(() => write(one('dialog [name=reason]') as HTMLInputElement, '家中有事'));
    await happen(() => submit(host.querySelector('dialog.reason') ?? host));
    expect(orders()).toEqual([{ action: 'refuse', responder: 58, reason: '家中有事' }]);
    await pass();
    expect(text('.notice > span')).toBe('网格长 58 已拒绝, 请另派');
  });
});

describe('the keys', () => {
  it('choose a candidate, send them with a reason, and take them back', async () => {
    const { key, text, texts, one, orders, host, pass } = await open('#event=1');
    await key('2');
    expect(text('.candidate.chosen .rank')).toBe('2');
    await key('s');
    expect(text('#reason-title')).toBe('为何不派 网格长 1, 而派 网格长 2?');
    await key('s');
    await key('1');
    expect([orders(), text('.candidate.chosen .rank')]).toEqual([[], '2']); // the dialog is open
    await happen(() => one('dialog input[value=r_knows]').click());
    await happen(() => submit(host.querySelector('dialog.reason') ?? host));
    await pass();
    expect([orders()[0], text('.notice > span'), texts('dialog.reason')]).toEqual([{ action: 'reserve', responder: 59, event: 1, lease_s: 30, reason: '熟悉此事或当事人' }, '已派遣 网格长 2', []]);
    await key('u');
    expect([orders().at(-1), text('.notice > span')]).toEqual([{ action: 'release', responder: 59, reason: '误派, 即刻撤回' }, '已撤回 网格长 2']);
    await key('Escape');
    expect([location.hash, document.activeElement?.getAttribute('data-event')]).toEqual(['', '1']);
    await key('Escape');
    expect(texts('.notice')).toEqual([]);
  });

  it('go up and down the queue, to the search, and list themselves', async () => {
    const { key, texts } = await open();
    const focus: (string | null | undefined)[] = [];
    for (const name of ['ArrowDown', 'ArrowDown', 'ArrowUp', '/']) {
      await key(name);
      focus.push(document.activeElement?.getAttribute('data-event') ?? document.activeElement?.id);
    }
    expect(focus).toEqual(['2', '1', '2', 'search']);
    await key('?');
    expect(texts('dialog[open] kbd').length).toBeGreaterThan(5);
  });

  it('are letters where somebody types, and the browser’s own with Ctrl', async () => {
    const { key, one, texts, desk } = await open('#event=1');
    await key('n', one('#search'));
    await key('2', one('#search'));
    await happen(() => void document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', ctrlKey: true, bubbles: true })));
    expect([texts('.entry'), desk.candidate.value?.id, location.hash]).toEqual([[], 58, '#event=1']);
  });

  it('that would change something do nothing for the public', async () => {
    const { key, texts, orders } = await open('#at=114.308,30.5674', {}, PUBLIC);
    for (const name of ['n', 's', 'u', '1']) await key(name);
    expect([texts('.entry, dialog[open]'), orders(), location.hash]).toEqual([[], [], '#at=114.308,30.5674']);
  });
});

describe('a new event', () => {
  it('is at the place that is looked at, and looked at when it is written', async () => {
    const { key, one, click, text, host, service, pass } = await open('#event=1', { 'POST /collections/events/items': { id: 2 }, '/nearest': { features: [] } });
    await key('n');
    expect([location.hash, text('#entry-title')]).toEqual(['#at=114.308000,30.567400&new=1', '新建事件']);
    await happen(() => {
      write(one('#entry-title-field') as HTMLInputElement, '垃圾成堆');
      write(one('#entry-category-field') as HTMLSelectElement, 'debris');
      write(one('#entry-domain-field') as HTMLSelectElement, 'urban');
    });
    await happen(() => submit(host.querySelector('.side') ?? host));
    await pass();
    expect(service.log.find((a) => a.line.startsWith('POST /collections'))?.body).toMatchObject({ geometry: { coordinates: [114.308, 30.5674] }, properties: { title: '垃圾成堆', category: 'debris' } });
    expect([location.hash, text('.event-head h2')]).toEqual(['#event=2', '事件 2']);
    await click('.side-tools button:last-child');
    expect(location.hash).toBe('');
  });

  it('is where the map looks when nothing is looked at, and is left by Escape', async () => {
    const { key, desk } = await open();
    desk.map.value = { gl: { getCenter: () => ({ lng: 114.31, lat: 30.56 }) } } as LiveMap;
    await key('n');
    expect(location.hash).toBe('#at=114.310000,30.560000&new=1');
    await key('Escape', document.activeElement ?? document.body);
    expect(location.hash).toBe('#at=114.310000,30.560000');
  });
});

it('shows what a search has found: an event with its ranking, anything else as a place', async () => {
  const found = (layer: string, id: number) => ({ id, bbox: [114.3, 30.5, 114.4, 30.6], geometry: { type: 'Point', coordinates: [114.35, 30.55] }, properties: { layer, title: `${layer} ${id}` } });
  const fitBounds = vi.fn();
  const { one, pass, desk, key } = await open('', { '/search': { features: [found('events', 2), found('grids', 5)], numberMatched: 2 } });
  desk.map.value = { gl: { getCenter: () => ({ lng: 114.31, lat: 30.56 }), fitBounds } as unknown as LiveMap['gl'] } as LiveMap;
  const hashes: string[] = [];
  for (const steps of [['Enter'], ['ArrowDown', 'Enter']]) {
    await happen(() => write(one('#search') as HTMLInputElement, 'sql'));
    await pass(200);
    for (const step of steps) await key(step, one('#search'));
    hashes.push(location.hash);
  }
  expect(hashes).toEqual(['#event=2', '#at=114.350000,30.550000']);
  expect(fitBounds.mock.calls[0]?.[0]).toEqual([[114.3, 30.5], [114.4, 30.6]]);
});
