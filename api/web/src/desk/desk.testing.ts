// A desk for the tests of the page: over a service that answers what the test says, at the moment of the sample.

import { signal } from '@preact/signals';
import { afterEach, beforeEach, vi } from 'vitest';
import { readCollections, type Change } from '../service/data';
import { Address } from '../ui/address';
import { Connection } from '../ui/connection';
import { Service } from '../ui/testing';
import type { DeskEvent } from './events';
import { Desk } from './model';
import { anEvent, NOW, rankingBody } from './sample.testing';
import { codec } from './state';

/** An event as the service sends it. */
export function eventBody(id: number, more: Partial<DeskEvent> = {}): object {
  const { at, reported, deadline, ...values } = anEvent(id, more);
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return { type: 'Feature', id, geometry: at ? { type: 'Point', coordinates: at } : null, properties: { ...values, reported_at: time(reported), deadline_at: time(deadline) } };
}

/** Somebody who is held, as the service sends it. */
export const heldBody = (id: number, event: number, status: string, more: object = {}): object => ({ type: 'Feature', id, geometry: null, properties: { responder: `W${id}`, status, event_id: event, by: 'bo', rank: 1, ...more } });

/** A page of features. */
export const pageOf = (...features: object[]): object => ({ type: 'FeatureCollection', features, numberMatched: features.length });

const codes = (name: string, values: Readonly<Record<string, string>>) => ({ name, title: { zh: name, en: name }, codes: Object.entries(values).map(([value, zh]) => ({ value, title: { zh, en: value } })) });

/** The layers as a dispatcher sees them, and as the public does. */
export const DISPATCHER = { collections: [
  { id: 'events', writable: true, fields: [codes('severity', { low: '一般', high: '严重', critical: '重大' }), codes('stage', { reported: '已上报', dispatched: '已派遣', closed: '已结' }), codes('category', { debris: '暴露垃圾' }), codes('domain', { urban: '城市管理' })] },
  { id: 'responders' }, { id: 'communities' }, { id: 'dispatch_log' }, { id: 'assignments', fields: [codes('status', { assigned: '已派', arrived: '到场' })] },
] };
export const PUBLIC = { collections: [{ id: 'communities' }] };

/** What the service of a desk answers: two open events, the ranking, and nobody who is held. */
const USUAL = {
  '/collections/events/items?': pageOf(eventBody(1), eventBody(2, { severity: 'critical' })),
  '/collections/events/items/1': eventBody(1), '/collections/events/items/2': eventBody(2, { severity: 'critical' }),
  '/collections/assignments/items': pageOf(), '/collections/dispatch_log/items': pageOf(),
  '/collections/communities/items': pageOf({ id: 1, properties: { code: '420106001020', name: '新河社区' } }),
  '/collections/responders/items': pageOf({ id: 58, properties: { code: 'W58', title: '网格长 58' } }, { id: 59, properties: { code: 'W59' } }),
  '/locate': { lon: 114.308, lat: 30.5674, grid: { code: 'g', name: '新河003网格' } }, '/dispatch': rankingBody(), 'POST /dispatch': {},
};

/** Makes desks for the tests of a file, in a time that stands, and closes each before the next; call it once, at the top of the file. */
export function desks(): typeof aDesk {
  let opened: ReturnType<typeof aDesk> | undefined;
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    opened?.address.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    localStorage.clear();
    sessionStorage.clear();
  });
  return (...what) => {
    opened?.address.close();
    return (opened = aDesk(...what));
  };
}

/** A desk that has begun, over a service. */
function aDesk(hash = '', answers: Readonly<Record<string, unknown>> = {}, layers: object = DISPATCHER) {
  vi.setSystemTime(NOW);
  history.replaceState(null, '', `/ui/dispatch${hash}`);
  const service = new Service({ ...USUAL, ...answers });
  const address = new Address(codec);
  const connection = new Connection(signal('zh'), signal('dark'));
  const follow = vi.spyOn(connection, 'follow');
  const desk = new Desk(connection, address, () => Date.now());
  /** Lets time pass, in which answers come. */
  const pass = async (ms = 5): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));
  /** Tells of the layers that the caller sees; the connection does so when it has asked. */
  const see = (body: object): void => void (connection.collections.value = readCollections(body, 'zh'));
  /** Tells of changes, as the stream does. */
  const changed = (...changes: Partial<Change>[]): void => follow.mock.calls.forEach(([tell]) => tell(changes.map((c) => ({ layer: '', id: 0, op: 'update', bounds: [], ...c }))));
  desk.start();
  see(layers);
  return { desk, service, address, connection, pass, see, changed };
}
