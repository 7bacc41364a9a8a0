// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { away, later, problem } from '../ui/testing';
import { desks, eventBody, heldBody, pageOf, PUBLIC } from './desk.testing';
import { QUEUE_LIMIT, subjectOf, type Desk } from './model';
import { NOW, rankingBody } from './sample.testing';

const aDesk = desks();
/** A desk that has asked for what it needs at first. */
async function open(...what: Parameters<typeof aDesk>) {
  const opened = aDesk(...what);
  await opened.pass();
  return opened;
}

const QUEUE = '/collections/events/items?stage';
const HELD = '/collections/assignments/items';
const ids = (of: readonly { readonly id: number }[]): number[] => of.map((e) => e.id);

describe('the queue', () => {
  it('has the open events in the order in which they are due, the most severe first, as the address filters them', async () => {
    const { desk, service, address } = await open('', { '/collections/events/items?': pageOf(eventBody(1), eventBody(2, { severity: 'critical' }), eventBody(3, { deadline: NOW + 60_000 }), eventBody(4, { stage: 'dispatched' })) });
    expect([ids(desk.queue.value), desk.open.value]).toEqual([[2, 3, 1, 4], 4]);
    expect(service.asked(QUEUE)[0]).toContain(`sortby=-level,-reported_at&limit=${QUEUE_LIMIT}`);
    expect(service.asked(QUEUE)[0]).not.toMatch(/closed|cancelled/);
    address.change({ severity: ['high'], group: 'waiting' });
    expect([ids(desk.queue.value), desk.open.value]).toEqual([[3, 1], 4]);
  });

  it('calls communities and people by their names, and their codes where there are none', async () => {
    const { desk } = await open();
    expect([desk.areas.value.get('420106001020'), desk.post('W58'), desk.post('W59'), desk.post('W60')]).toEqual(['新河社区', '网格长 58', 'W59', 'W60']);
    expect([desk.title('events', 'stage', 'reported'), desk.title('events', 'stage', 'new'), desk.title('nothing', 'x', 'y'), desk.codes('events', 'severity')]).toEqual(['已上报', 'new', 'y', ['low', 'high', 'critical']]);
  });

  it('is not known before the first answer, and asked for until there is one', async () => {
    const { desk, service, pass } = await open('', { '/collections/events/items?': away });
    expect([desk.open.value, desk.queue.value]).toEqual([undefined, []]);
    service.answers['/collections/events/items?'] = problem(503, 'the record is away');
    await pass(3000);
    expect(desk.open.value).toBeUndefined();
    service.answers['/collections/events/items?'] = pageOf(eventBody(1));
    await pass(3000);
    expect([desk.open.value, service.asked(QUEUE).length]).toEqual([1, 3]);
  });

  it.each([[403, 1], [400, 1], [429, 2], [503, 2]])('is asked for %i: so often within three seconds: %i', async (status, times) => {
    const { service, pass } = await open('', { '/collections/events/items?': problem(status) });
    await pass(3000);
    expect(service.asked(QUEUE)).toHaveLength(times);
  });

  it('is asked for once for many changes that come together, and not for changes of other layers', async () => {
    const { service, pass, changed } = await open();
    changed({ layer: 'streets' }, { layer: 'responders' });
    await pass(1000);
    expect(service.asked(QUEUE)).toHaveLength(1);
    for (let i = 0; i < 20; i++) changed({ layer: 'events', id: 7 + i });
    await pass(1000);
    expect(service.asked(QUEUE)).toHaveLength(2);
  });

  it.each([
    ['the queue', 'events', '/collections/events/items?', (desk: Desk) => ids(desk.queue.value)],
    ['who is held', 'assignments', HELD, (desk: Desk) => desk.assignments.value.map((a) => a.responder)],
  ] as const)('is what the newest answer says, whichever comes last: %s', async (_, layer, path, shown) => {
    const { desk, service, pass, changed } = await open();
    const slow = later();
    service.answers[path] = slow.answer;
    changed({ layer });
    await pass(300);
    service.answers[path] = pageOf(eventBody(5));
    changed({ layer });
    await pass(300);
    slow.come(pageOf(eventBody(1), eventBody(4)));
    await pass();
    expect(shown(desk)).toEqual([5]);
  });
});

describe('whoever may see little', () => {
  it('is asked to wait until it is known what they may see', async () => {
    const { desk, service } = await open('#event=1', {}, { collections: [] });
    expect([desk.seen.value, desk.mayDispatch.value, service.asked()]).toEqual([undefined, false, []]);
  });

  it('of the public sees whose grid a place is in, and nothing of people and events', async () => {
    const { desk, service } = await open('#at=114.308,30.5674', {}, PUBLIC);
    expect([desk.seen.value, desk.mayDispatch.value, desk.card.value?.grid?.name, desk.ranking.value]).toEqual([false, false, '新河003网格', undefined]);
    expect(service.asked()).toEqual(['/locate?lon=114.308&lat=30.5674&lang=zh']);
  });

  it('keeps nothing of what another was shown: not the queue, not the event, not who should go', async () => {
    const { desk, see, pass } = await open('#event=1', { [HELD]: pageOf(heldBody(58, 1, 'assigned')), '/collections/dispatch_log/items': pageOf({ id: 1, properties: { action: 'assigned' } }) });
    expect([desk.event.value?.id, desk.held().length, desk.log.value.length, desk.candidates.value.length]).toEqual([1, 1, 1, 3]);
    desk.dispatching.notice.value = { kind: 'good', text: '已派遣 网格长 001-006' };
    desk.connection.use(undefined);
    see(PUBLIC);
    await pass();
    expect([desk.queue.value, desk.open.value, desk.held(), desk.log.value]).toEqual([[], undefined, [], []]);
    expect([desk.event.value, desk.card.value, desk.candidates.value, desk.candidate.value, desk.dispatching.notice.value]).toEqual([undefined, undefined, [], undefined, undefined]);
  });

  it('is not shown an answer that the one before was waiting for', async () => {
    const [queue, event, held] = [later(), later(), later()];
    const { desk, see, pass } = await open('#event=1', { '/collections/events/items?': queue.answer, '/collections/events/items/1': event.answer, [HELD]: held.answer });
    desk.connection.use(undefined);
    see(PUBLIC);
    queue.come(pageOf(eventBody(1)));
    event.come(eventBody(1));
    held.come(pageOf(heldBody(58, 1, 'assigned')));
    await pass();
    expect([desk.queue.value, desk.event.value, desk.assignments.value]).toEqual([[], undefined, []]);
  });
});

describe('what is looked at', () => {
  it('is an event with its card, its ranking and its log', async () => {
    const { desk, service } = await open('#event=1&k=3');
    expect([desk.event.value?.title, desk.card.value?.grid?.name, ids(desk.candidates.value), desk.candidate.value?.id]).toEqual(['事件 1', '新河003网格', [58, 59, 60], 58]);
    expect([service.asked('/dispatch'), service.asked('/collections/dispatch_log').at(-1)]).toEqual([['/dispatch?event=1&k=3'], '/collections/dispatch_log/items?event_id=1&sortby=-at&limit=20']);
  });

  it('is a place with a level, asked for in the language of the page', async () => {
    const { service } = await open('#at=114.308,30.5674&level=4&lang=en');
    expect([service.asked('/dispatch'), service.asked('/locate')]).toEqual([['/dispatch?lon=114.308&lat=30.5674&level=4&k=5'], ['/locate?lon=114.308&lat=30.5674&lang=en']]);
    expect(subjectOf({ at: [114.3, 30.5], entering: true })).toBeUndefined();
    expect(subjectOf({ at: [114.3, 30.5] })).toEqual({ kind: 'place', at: [114.3, 30.5], level: 2 });
  });

  it('is in the address: an event and a way away from it are steps to go back', async () => {
    const { desk, address } = await open();
    const steps = history.length;
    desk.openEvent(2);
    expect([location.hash, history.length - steps]).toEqual(['#event=2', 1]);
    desk.openPlace([114.31, 30.56]);
    expect([location.hash, history.length - steps]).toEqual(['#at=114.310000,30.560000', 2]);
    address.change({ entering: true });
    desk.openPlace([114.32, 30.56]);
    expect([location.hash, history.length - steps]).toEqual(['#at=114.320000,30.560000&new=1', 2]);
    desk.close();
    expect([location.hash, history.length - steps]).toEqual(['', 3]);
  });

  it('is not mixed up with what was looked at before, whose answer comes late', async () => {
    const slow = later();
    const { desk, service, pass, changed } = await open('#event=1', { '/dispatch?event=1': slow.answer, '/dispatch?event=2': rankingBody({ level: 5 }) });
    const event = later();
    service.answers['/collections/events/items/1'] = event.answer;
    changed({ layer: 'events', id: 1 });
    await pass(250);
    desk.openEvent(2);
    await pass();
    expect([desk.event.value?.id, desk.ranking.value?.level]).toEqual([2, 5]);
    event.come(eventBody(1));
    slow.come(rankingBody({ level: 1 }));
    await pass();
    expect([desk.event.value?.id, desk.ranking.value?.level]).toEqual([2, 5]);
  });

  it('shows nothing of the one before while the next is on its way, nor its log', async () => {
    const { desk, service, pass, changed } = await open('#event=1');
    const log = later();
    service.answers['/collections/dispatch_log/items?event_id=1'] = log.answer;
    service.answers['/collections/events/items/2'] = later().answer;
    changed({ layer: 'dispatch_log' });
    await pass(250);
    desk.openEvent(2);
    await pass();
    log.come(pageOf({ id: 1, properties: { action: 'assigned' } }));
    await pass();
    expect([desk.event.value, desk.ranking.value, desk.card.value, desk.log.value]).toEqual([undefined, undefined, undefined, []]);
  });

  it.each([403, 404])('that is answered %i is not there, and has no ranking', async (status) => {
    const { desk, service } = await open('#event=9', { '/collections/events/items/9': problem(status) });
    expect([desk.event.value, service.asked('/dispatch')]).toEqual([null, []]);
  });

  it('has the sentence of the service where there is no ranking, until there is one', async () => {
    const { desk, service, pass, changed } = await open('#event=1', { '/dispatch': problem(409, 'the event is closed') });
    expect([desk.rankingFault.value, desk.ranking.value]).toEqual(['the event is closed', undefined]);
    service.answers['/dispatch'] = rankingBody();
    changed({ layer: 'events', id: 1 });
    await pass(300);
    expect([desk.rankingFault.value, desk.candidates.value.length]).toEqual(['', 3]);
  });

  it('has no fault while the service is away: it is asked again', async () => {
    const { desk, service, pass } = await open('#event=1', { '/dispatch': problem(503, 'later') });
    expect(desk.rankingFault.value).toBe('');
    service.answers['/dispatch'] = rankingBody();
    await pass(3000);
    expect(desk.candidates.value).toHaveLength(3);
  });

  it('is ranked again soon after its event or an assignment changed, and in a while after people moved', async () => {
    const { service, pass, changed } = await open('#event=1');
    const asked = async (ms: number, ...what: Parameters<typeof changed>): Promise<number> => {
      const before = service.asked('/dispatch').length;
      changed(...what);
      await pass(ms);
      return service.asked('/dispatch').length - before;
    };
    expect([await asked(300, { layer: 'events', id: 1 }), await asked(300, { layer: 'assignments' }), await asked(300, { layer: 'events', id: 2 })]).toEqual([1, 1, 0]);
    expect([await asked(4000, { layer: 'responders' }, { layer: 'responders' }), await asked(1500, { layer: 'responders' })]).toEqual([0, 1]);
  });

  it('keeps the candidate that was chosen while the map moves or the queue is filtered, until something else is looked at', async () => {
    const { desk, address, service, pass } = await open('#event=1');
    desk.picked.value = 59;
    address.change({ view: { zoom: 15, lat: 30.5, lon: 114.3, bearing: 0, pitch: 0 }, severity: ['high'] });
    await pass();
    expect([desk.candidate.value?.id, service.asked('/dispatch').length]).toEqual([59, 1]);
    desk.openEvent(2);
    await pass();
    expect(desk.candidate.value?.id).toBe(58);
  });

  it('has those who are held for it, as long as they are: a reservation ends with its lease', async () => {
    const held = [heldBody(58, 1, 'assigned'), heldBody(59, 2, 'assigned'), heldBody(60, 1, 'reserved', { lease_until: new Date(NOW + 10_000).toISOString() })];
    const { desk, pass } = await open('#event=1', { [HELD]: pageOf(...held) });
    expect(desk.held().map((a) => a.responder)).toEqual([58, 60]);
    await pass(11_000);
    expect(desk.held().map((a) => a.responder)).toEqual([58]);
  });
});

it('knows working time where the service has a calendar, and does without where it has none', async () => {
  expect((await open()).desk.calendar.value).toBeUndefined();
  const { desk, service } = await open('', { '/calendar': { hours: [['09:00', '17:00']], days: [{ date: '2026-11-27', working: true }] } });
  expect([desk.calendar.value?.days.get('2026-11-27'), service.asked('/calendar')]).toEqual([true, ['/calendar?from=2026-07-30&to=2027-03-27']]);
});

it('knows the time to the second, and to ten for what is many', async () => {
  const { desk, pass } = await open();
  await pass(12_000);
  expect([desk.now.value - NOW, desk.lately.value - NOW]).toEqual([12_000, 10_000]);
});
