import { describe, expect, it } from 'vitest';
import { Client, TokenStore } from '../service/client';
import { readCommand, readWallName, Remote, wishOf } from './remote';

const wish = (verb: string, to = '', more = {}) => wishOf({ do: verb, to, ...more });

describe('a command', () => {
  it('is read as far as it is one', () => {
    expect(readCommand('{"seq":3,"do":"scope","to":"420106001020"}')).toEqual({ do: 'scope', to: '420106001020' });
    expect(readCommand('{"do":3}')).toBeUndefined();
    expect(readCommand('nonsense')).toBeUndefined();
    expect(readCommand('null')).toBeUndefined();
  });

  it('wishes what the address could say', () => {
    expect(wish('scope', '420106001020')).toEqual({ state: { scope: '420106001020', view: undefined, incident: undefined } });
    expect(wish('view', '15/30.5/114.3')?.state?.view?.zoom).toBe(15);
    expect(wish('view', 'nowhere')).toBeUndefined();
    expect(wish('layers', 'events,heat')).toEqual({ state: { layers: ['events'], heat: true } });
    expect(wish('layers')).toEqual({ state: { layers: [], heat: false } });
    expect(wish('hide', 'all')).toEqual({ state: { hide: ['all'] } });
    expect(wish('incident', '17')).toEqual({ state: { incident: 17 } });
    expect(wish('dance')).toBeUndefined();
  });

  it('drives the tour and the past', () => {
    expect(wish('tour', 'start')).toEqual({ state: { tour: true } });
    expect(wish('tour', 'stop')).toEqual({ state: { tour: undefined } });
    expect(wish('tour', 'next')).toEqual({ tour: 'next' });
    expect(wish('playback', '2017-12-04T14:05', { window: '1d', speed: '60' })).toEqual({ state: { at: Date.parse('2017-12-04T14:05:00+08:00'), window: '1d', speed: 60 } });
    expect(wish('playback', 'pause')).toEqual({ state: {}, play: false });
    expect(wish('playback', 'live')).toEqual({ state: { at: undefined, speed: undefined } });
  });
});

describe('the name of a wall', () => {
  it('is what the service takes', () => {
    expect(['大厅', 'hall-1', 'a.b_c'].map(readWallName)).toEqual(['大厅', 'hall-1', 'a.b_c']);
    expect(['', '-x', 'a b', '../x', 'w'.repeat(33), null].map(readWallName)).toEqual(Array(6).fill(undefined));
  });
});

describe('a remote', () => {
  it('obeys each command once, and says where it was when it connects again', async () => {
    const asked: (string | undefined)[] = [];
    const heard: string[] = [];
    const before = globalThis.fetch;
    globalThis.fetch = (async (path: string, init: RequestInit) => {
      expect(path).toBe('/walls/%E5%A4%A7%E5%8E%85/commands');
      const id = (init.headers as Record<string, string>)['Last-Event-ID'];
      asked.push(id);
      const said = id === undefined ? 'id: 7\nevent: hello\ndata: {}\n\nid: 8\nevent: command\ndata: {"do":"home"}\n\n' : 'event: heartbeat\ndata: {}\n\n';
      return new Response(said);
    }) as typeof fetch;
    const remote = new Remote(new Client(new TokenStore(undefined, undefined), () => undefined), '大厅', (command) => heard.push(command.do));
    const done = remote.run();
    await new Promise((resolve) => setTimeout(resolve, 30));
    remote.restart();
    await new Promise((resolve) => setTimeout(resolve, 30));
    remote.stop();
    await done;
    globalThis.fetch = before;
    expect(asked.slice(0, 2)).toEqual([undefined, '8']);
    expect(heard).toEqual(['home']);
  });
});
