// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { away, later, problem, Service } from '../ui/testing';
import { Client, TokenStore } from '../service/client';
import { desks, DISPATCHER, eventBody, heldBody, pageOf } from './desk.testing';
import { UNDO_MS } from './orders';
import { domainOf, locate, report, search, similar } from './services';

const aDesk = desks();
/** A desk that looks at event 1, and its three candidates. */
async function open(answers: Record<string, unknown> = {}, hash = '#event=1', layers?: object) {
  const opened = aDesk(hash, answers, layers);
  await opened.pass();
  const { desk, service } = opened;
  const [first, second] = desk.candidates.value;
  if (!first || !second) throw new Error('no candidates');
  return { ...opened, dispatching: desk.dispatching, first, second, orders: () => service.log.filter((a) => a.line === 'POST /dispatch').map((a) => a.body) };
}

const HELD = '/collections/assignments/items';

describe('sending', () => {
  it('the first needs no reason: they are reserved and sent to the event, the page says so and asks what is now true', async () => {
    const { dispatching, first, orders, service, pass } = await open();
    const before = service.log.length;
    dispatching.send(first);
    expect(dispatching.busy.value).toBe(true);
    await pass();
    expect(orders()).toEqual([{ action: 'reserve', responder: 58, event: 1, lease_s: 30 }, { action: 'assign', responder: 58 }]);
    expect([dispatching.busy.value, dispatching.notice.value]).toEqual([false, { kind: 'good', text: '已派遣 网格长 1', undo: { responder: 58, post: '网格长 1', until: Date.now() - 5 + UNDO_MS } }]);
    expect(service.log.slice(before).map((a) => a.line.split('?')[0])).toEqual(expect.arrayContaining([HELD, '/dispatch', '/collections/events/items', '/collections/events/items/1']));
  });

  it('another needs one: nothing is sent before it is given, and it goes with the order', async () => {
    const { dispatching, second, orders, pass } = await open();
    dispatching.send(second);
    await pass();
    expect([orders(), dispatching.asking.value]).toMatchObject([[], { kind: 'send', first: '网格长 1', candidate: { id: 59 }, subject: { kind: 'event', id: 1 } }]);
    void dispatching.answer('认识当事人');
    await pass();
    expect(orders()[0]).toEqual({ action: 'reserve', responder: 59, event: 1, lease_s: 30, reason: '认识当事人' });
    expect([dispatching.asking.value, dispatching.draft.value]).toEqual([undefined, '']);
  });

  it('for a reason goes to what was looked at when it was asked, though the page has gone on', async () => {
    const { dispatching, second, desk, orders, pass } = await open();
    dispatching.send(second);
    desk.openEvent(2);
    await pass();
    void dispatching.answer('顺路');
    await pass();
    expect(orders()[0]).toMatchObject({ event: 1 });
  });

  it('to a place says where and how grave it is', async () => {
    const { dispatching, first, orders, pass } = await open({}, '#at=114.31,30.56&level=4&lang=en');
    dispatching.send(first);
    await pass();
    expect(orders()[0]).toEqual({ action: 'reserve', responder: 58, lon: 114.31, lat: 30.56, level: 4, lease_s: 30 });
    expect(dispatching.notice.value?.text).toBe('网格长 1 is sent');
  });

  it('happens once, however often the key is pressed while it is under way', async () => {
    const slow = later();
    const { dispatching, first, second, orders, pass } = await open({ 'POST /dispatch': slow.answer });
    dispatching.send(first);
    dispatching.send(first);
    dispatching.send(second);
    dispatching.move('acknowledge', 60, '网格长 3', 'assigned');
    await pass();
    expect([orders().length, dispatching.asking.value]).toEqual([1, undefined]);
  });

  it('is not for those who may only look, nor when nothing is looked at', async () => {
    const layers = { collections: DISPATCHER.collections.map((c) => ({ ...c, writable: false })) };
    const looking = await open({}, '#event=1', layers);
    looking.dispatching.send(looking.first);
    looking.dispatching.move('acknowledge', 58, '', 'assigned');
    await looking.pass();
    expect(looking.orders()).toEqual([]);
    looking.address.close();
    const { dispatching, first, desk, orders, pass } = await open();
    desk.close();
    dispatching.send(first);
    await pass();
    expect(orders()).toEqual([]);
  });
});

describe('an order that is not done', () => {
  /** Sends the first candidate to a service that answers so, and says what is told of it. */
  async function told(answer: unknown, answers: Record<string, unknown> = {}, hash?: string) {
    const at = await open({ 'POST /dispatch': answer }, hash);
    Object.assign(at.service.answers, answers);
    at.dispatching.send(at.first);
    await at.pass();
    return { ...at, notice: at.dispatching.notice.value };
  }

  it.each([409, 412])('for another was faster (%i) says who holds them now, for which event', async (status) => {
    const { notice } = await told(problem(status, '58 is held'), { [HELD]: pageOf(heldBody(58, 2, 'assigned')) });
    expect(notice).toEqual({ kind: 'conflict', text: '另一位调度员更快: 网格长 1 现由 bo 已派, 等签收, 事件 事件 2。未重复派遣; 排序已更新, 请另选。', detail: '58 is held' });
  });

  it('for another was faster waits for the newest answer, where the change itself was told meanwhile', async () => {
    const [own, newest] = [later(), later()];
    const { dispatching, first, service, pass, changed } = await open({ 'POST /dispatch': problem(409, '58 is held') });
    service.answers[HELD] = own.answer;
    dispatching.send(first);
    await pass();
    service.answers[HELD] = newest.answer;
    changed({ layer: 'assignments', id: 58 });
    await pass(300);
    own.come(pageOf());
    await pass();
    newest.come(pageOf(heldBody(58, 2, 'assigned')));
    await pass();
    expect(dispatching.notice.value?.text).toContain('另一位调度员更快: 网格长 1 现由 bo');
  });

  it('for another was faster at an event that is not in the queue names its number', async () => {
    const { notice } = await told(problem(409, 'held'), { [HELD]: pageOf(heldBody(58, 77, 'acknowledged')) }, '#event=1&lang=en');
    expect(notice?.text).toContain('is acknowledged by bo, for event #77');
  });

  it('for the state has changed in between asks to look again', async () => {
    expect((await told(problem(412, 'changed'))).notice).toEqual({ kind: 'conflict', text: '网格长 1 的状态刚刚改变, 本次未派遣; 排序已更新, 请再看一眼。', detail: 'changed' });
  });

  it('for the event has gone on says how far, as it is now', async () => {
    const { notice } = await told(problem(422, 'the event is closed', 'event'), { '/collections/events/items/1': eventBody(1, { stage: 'closed' }) });
    expect(notice).toEqual({ kind: 'conflict', text: '事件已是“已结”, 未派遣。', detail: 'the event is closed' });
  });

  it.each([401, 403])('for the token may not (%i) says so', async (status) => {
    expect((await told(problem(status, 'ask an admin'))).notice).toEqual({ kind: 'bad', text: '没有完成: 此令牌无权派遣', detail: 'ask an admin' });
  });

  it('for the service cannot now (503) says what the service says', async () => {
    expect((await told(problem(503, 'the record is away'), {}, '#event=1&lang=en')).notice).toEqual({ kind: 'bad', text: 'Not done: the service did not accept it', detail: 'the record is away' });
  });

  it('for nobody is there is tried once more under the same key, and nobody is told that it was done', async () => {
    const { notice, service, orders } = await told(away);
    expect(notice).toEqual({ kind: 'bad', text: '没有完成: 无法连接服务, 请稍后再试' });
    expect(orders()).toHaveLength(2);
    expect(new Set(service.log.filter((a) => a.line === 'POST /dispatch').map((a) => a.headers['Idempotency-Key'])).size).toBe(1);
  });

  it('is told of though nothing else answers either, and the page can go on', async () => {
    const { dispatching, service, first, pass } = await open({ 'POST /dispatch': problem(409, 'held') });
    for (const path of [HELD, '/collections/events/items?', '/collections/events/items/1']) service.answers[path] = later().answer;
    dispatching.send(first);
    await pass(2900);
    expect([dispatching.notice.value, dispatching.busy.value]).toEqual([undefined, true]);
    await pass(200);
    expect([dispatching.notice.value?.kind, dispatching.busy.value]).toEqual(['conflict', false]);
  });

  it('keeps the reason that was written, for the next choice', async () => {
    const { dispatching, second, service, pass } = await open({ 'POST /dispatch': problem(409, 'held') });
    dispatching.send(second);
    void dispatching.answer('认识当事人');
    await pass();
    expect([dispatching.asking.value, dispatching.draft.value]).toEqual([undefined, '认识当事人']);
    service.answers['POST /dispatch'] = {};
    dispatching.send(second);
    void dispatching.answer('认识当事人');
    await pass();
    expect(dispatching.draft.value).toBe('');
  });
});

describe('undoing', () => {
  it('takes back who was sent, with a reason for the log, once', async () => {
    const { dispatching, first, orders, pass } = await open();
    dispatching.send(first);
    await pass();
    dispatching.undo();
    dispatching.undo();
    await pass();
    dispatching.undo();
    await pass();
    expect(orders().slice(2)).toEqual([{ action: 'release', responder: 58, reason: '误派, 即刻撤回' }]);
    expect(dispatching.notice.value).toEqual({ kind: 'good', text: '已撤回 网格长 1' });
  });

  it('is for a moment only, and only where something was done', async () => {
    const { dispatching, first, orders, pass } = await open();
    dispatching.undo();
    dispatching.send(first);
    await pass(UNDO_MS + 10);
    dispatching.undo();
    await pass();
    expect(orders()).toHaveLength(2);
  });

  it('that fails says so', async () => {
    const { dispatching, first, service, pass } = await open();
    dispatching.send(first);
    await pass();
    service.answers['POST /dispatch'] = problem(409, 'has acknowledged');
    dispatching.undo();
    await pass();
    expect(dispatching.notice.value).toMatchObject({ kind: 'conflict', detail: 'has acknowledged' });
  });
});

describe('moving somebody on', () => {
  it.each([['acknowledge', 'assigned', false], ['arrive', 'acknowledged', false], ['done', 'arrived', false], ['release', 'reserved', false], ['release', 'assigned', true], ['refuse', 'assigned', true]] as const)(
    '%s of who is %s: needs a reason %s',
    async (move, status, needs) => {
      const { dispatching, orders, pass } = await open();
      dispatching.move(move, 58, '网格长 58', status);
      await pass();
      expect([orders(), dispatching.asking.value]).toEqual(needs ? [[], { kind: 'move', move, responder: 58, post: '网格长 58' }] : [[{ action: move, responder: 58 }], undefined]);
      if (!needs) return;
      void dispatching.answer('家中有事');
      await pass();
      expect(orders()).toEqual([{ action: move, responder: 58, reason: '家中有事' }]);
    },
  );
});

describe('what else is asked of the service', () => {
  const client = new Client(new TokenStore(undefined, undefined), () => undefined);
  const place = [114.308123456, 30.5674] as const;

  it('for a search are the words, and near the middle of the map where there is one', async () => {
    const service = new Service({ '/search': { features: [{ id: 7, geometry: { type: 'Point', coordinates: [114.3, 30.5] }, properties: { title: '四清里' } }, { id: 8 }], numberMatched: 40 } });
    expect(await search(client, '四清里 & 5', place, 'zh', new AbortController().signal)).toMatchObject({ found: [{ id: 7, title: '四清里', at: [114.3, 30.5] }], total: 40 });
    await search(client, 'a', undefined, 'en', new AbortController().signal);
    expect(service.asked().map((line) => Object.fromEntries(new URLSearchParams(line.split('?')[1])))).toEqual([{ q: '四清里 & 5', limit: '10', lang: 'zh', lon: '114.30812', lat: '30.56740' }, { q: 'a', limit: '10', lang: 'en' }]);
  });

  it('for a new event are its grid, the domain of its category where it had one, and what is near and open', async () => {
    const near = { features: [{ ...eventBody(3), distance: 12.4 }, { id: 'x' }] };
    const service = new Service({ '/locate': { grid: { code: 'g', name: '新河003网格' } }, '/collections': pageOf({ id: 1, properties: { domain: 'urban' } }), '/nearest': near });
    expect([(await locate(client, place, 'en')).grid?.name, await domainOf(client, 'a&b')]).toEqual(['新河003网格', 'urban']);
    expect((await similar(client, place, 'urban')).map((e) => [e.id, e.title, e.metres])).toEqual([[3, '事件 3', 12.4]]);
    expect(service.asked('/collections')[0]).toContain('category=a%26b&sortby=-reported_at&limit=1');
    expect(service.asked('/nearest')[0]).toMatch(/radius=100&k=5&domain=urban&closed_at=null\(\)&cancelled_at=null\(\)/);
    service.answers['/collections'] = pageOf();
    expect(await domainOf(client, 'new')).toBeUndefined();
  });

  it('to write an event is a feature under a key; an answer without its number counts as none', async () => {
    const service = new Service({ 'POST /collections/events/items': { id: 12000 } });
    expect(await report(client, { type: 'Feature' }, 'k1')).toBe(12000);
    expect(service.log[0]).toMatchObject({ body: { type: 'Feature' }, headers: { 'Content-Type': 'application/geo+json', 'Idempotency-Key': 'k1' } });
    service.answers['POST /collections/events/items'] = {};
    await expect(report(client, {}, 'k2')).rejects.toBeInstanceOf(TypeError);
    service.answers['POST /collections/events/items'] = problem(422, 'title is too long', 'title');
    await expect(report(client, {}, 'k3')).rejects.toMatchObject({ status: 422, field: 'title', message: 'title is too long' });
  });
});
