// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { stage } from '../../ui/testing';
import { asked, click, PUBLIC, texts, until, wallOf } from '../testing';
import type { Wall } from '../wall';
import { IncidentCard, Near, Rankings, Timeline } from './incident';

const show = stage();

const INSIDERS = ['events', 'responders', ...PUBLIC];
const EVENT = '/collections/events/items/7';
const at = (text: string): number => Date.parse(`${text}+08:00`);

/** A wall that shows event 7. */
function incident(values: Record<string, unknown> | undefined, more: Record<string, unknown> = {}, layers = INSIDERS): Wall {
  const event = values && { [EVENT]: { type: 'Feature', id: 7, geometry: { type: 'Point', coordinates: [114.3, 30.56] }, properties: { title: '井盖破损', level: 4, community: '420106001005', ...values } } };
  const wall = wallOf({ ...event, ...more }, layers);
  wall.address.change({ incident: 7 });
  return wall;
}

describe('IncidentCard', () => {
  it('says what the event is and where, in the words of the catalogue', async () => {
    const host = show(<IncidentCard wall={incident({ category: 'noise', grid: '420106001005001', code: '20171201-0007' })} />);
    await until(() => expect(texts(host, '.incident > p:not(.incident-title)')).toEqual(['四清里社区 四清里001网格', '20171201-0007']));
    expect(texts(host, '.incident-title strong, .incident-title .chip')).toEqual(['井盖破损', '4']);
    expect(texts(host, 'dl > div')).toEqual(['类别噪声扰民']);
  });

  it('says of an event outside the subdistrict that it is there', async () => {
    const wall = incident({ community: '' });
    wall.switchLang();
    const host = show(<IncidentCard wall={wall} />);
    await until(() => expect(host.querySelector('.incident')?.textContent).toContain('outside'));
  });

  it('shows a title as text, whatever it looks like', async () => {
    const host = show(<IncidentCard wall={incident({ title: '<b>紧急</b>' })} />);
    await until(() => expect(texts(host, '.incident-title strong')).toEqual(['<b>紧急</b>']));
  });

  it('says nothing while nobody has answered', () => {
    const wall = incident({});
    globalThis.fetch = () => new Promise(() => undefined);
    wall.address.change({ incident: 8 });
    expect(show(<IncidentCard wall={wall} />).querySelector('.note')).toBeNull();
  });

  it('says that there is no such event', async () => {
    const host = show(<IncidentCard wall={incident(undefined)} />);
    await until(() => expect(texts(host, '.note')).toEqual(['没有这个事件,或无权查看']));
  });

  it('says to one who may see no events that he may not, and asks for none', () => {
    const wall = incident({}, {}, PUBLIC);
    wall.switchLang();
    const host = show(<IncidentCard wall={wall} />);
    expect(texts(host, '.note')).toEqual(['There is no such event, or you may not see it']);
    expect(asked).not.toContain(EVENT);
  });

  it('gives the wall back by its button', async () => {
    const wall = incident({});
    click(show(<IncidentCard wall={wall} />), '.panel-note button');
    expect(wall.address.state.value.incident).toBeUndefined();
  });

  it.each([
    ['is left', {}, '2017-12-01T12:00:00', '还剩 3 小时', false],
    ['is over', {}, '2017-12-01T15:42:00', '已超 42 分钟', true],
    ['was left when it was closed, however long ago', { closed_at: '2017-12-01T14:00:00+08:00' }, '2017-12-20T12:00:00', '还剩 1 小时', false],
    ['was over when it was cancelled', { cancelled_at: '2017-12-03T15:00:00+08:00' }, '2017-12-20T12:00:00', '已超 2 天', true],
  ])('says how much of its time %s', async (_, values, now, said, over) => {
    const wall = incident({ deadline_at: '2017-12-01T15:00:00+08:00', ...values });
    wall.now.value = at(now);
    const host = show(<IncidentCard wall={wall} />);
    await until(() => expect(texts(host, '.incident-deadline')).toEqual([`时限 2017-12-01 15:00${said}`]));
    expect(host.querySelector('.incident-deadline')?.classList.contains('over')).toBe(over);
  });
});

describe('Timeline', () => {
  const steps = (host: HTMLElement, kind: string) => texts(host, `.${kind}`);

  it('has each step that was taken with its time and how long it took, and then those to come', async () => {
    const host = show(<Timeline wall={incident({ reported_at: '2017-12-01T08:00:00+08:00', filed_at: '2017-12-01T08:20:00+08:00', arrived_at: '2017-12-01T11:20:00+08:00' })} />);
    await until(() => expect(steps(host, 'done')).toEqual(['上报12-01 08:00', 'filed_at12-01 08:20+20 分钟', 'arrived_at12-01 11:20+3 小时']));
    expect(steps(host, 'to-come')).toEqual(['disposed_at', 'checked_at', 'closed_at']);
  });

  it('has nothing while the event is not known', () => {
    const host = show(<Timeline wall={incident(undefined)} />);
    expect(texts(host, 'h2')).toEqual(['处置过程']);
    expect(texts(host, 'li')).toEqual([]);
  });
});

describe('Rankings', () => {
  const candidate = (id: number, rank: number, eta: number) => ({ id, rank, post: `网格长 ${id}`, terms: { eta }, metres: 100, reason: { zh: `近${id}`, en: `near ${id}` }, route: [] });
  const role = (name: string, ...candidates: object[]) => ({ role: name, title: { zh: `角色${name}`, en: `Role ${name}` }, candidates });

  it('has who should go by role, the best marked, each with the reason', async () => {
    const wall = incident({}, { '/dispatch?event=7': { lists: [role('a', candidate(1, 1, 2.52), candidate(2, 2, 4)), role('b'), role('c', candidate(3, 1, 9))] } });
    wall.switchLang();
    const host = show(<Rankings wall={wall} />);
    await until(() => expect(texts(host, 'li')).toEqual(['Role a', '1网格长 1there in 2.5 minnear 1', '2网格长 2there in 4.0 minnear 2', 'Role c', '1网格长 3there in 9.0 minnear 3']));
    expect(texts(host, '.first strong')).toEqual(['网格长 1', '网格长 3']);
  });

  it('says that nobody can be sent', async () => {
    const host = show(<Rankings wall={incident({}, { '/dispatch?event=7': { lists: [role('a'), role('b')] } })} />);
    await until(() => expect(texts(host, 'li')).toEqual(['没有可派的人员']));
  });

  it('claims nothing of responders whom the caller may not see, and does not ask', async () => {
    const wall = incident({}, {}, ['events', ...PUBLIC]);
    const host = show(<Rankings wall={wall} />);
    await until(() => expect(wall.incident.event.value.value).toBeDefined());
    expect(texts(host, 'li')).toEqual([]);
    expect(asked.filter((path) => path.startsWith('/dispatch'))).toEqual([]);
  });
});

describe('Near', () => {
  const walk = (minutes: number, households: number, facilities: object[] = []) => ({ type: 'Feature', geometry: null, properties: { minutes, households, facilities } });
  const facility = (title: string, metres: number, count = 1) => ({ title, nearest_metres: metres, count });
  const answer = { '/isochrone': { features: [walk(15, 5210, [facility('学校', 900), facility('医院', 1240, 2), ...[1, 2, 3, 4, 5].map((n) => facility(`站${n}`, n * 100))]), walk(5, 420, [facility('岗亭', 10)])] } };

  it('counts the homes within each walk, the shortest first', async () => {
    const host = show(<Near wall={incident({}, answer)} />);
    await until(() => expect(texts(host, '.near-homes span')).toEqual(['420 户在 5 分钟内', '5,210 户在 15 分钟内']));
    expect(texts(host, '.panel-note')).toEqual(['5 分钟 · 15 分钟']);
  });

  it('lists the nearest kinds of facilities within the longest walk, no more than can be read', async () => {
    const wall = incident({}, answer);
    wall.switchLang();
    const host = show(<Near wall={wall} />);
    await until(() => expect(texts(host, '.near li')).toEqual(['站1100 m1', '站2200 m1', '站3300 m1', '站4400 m1', '站5500 m1', '学校900 m1']));
  });

  it('asks for the walks from where the event is, in the language of the wall', async () => {
    const wall = incident({}, answer);
    wall.switchLang();
    await until(() => expect(asked).toContain('/isochrone?lon=114.3&lat=30.56&minutes=5,10,15&lang=en'));
  });
});
