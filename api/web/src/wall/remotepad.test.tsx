// @vitest-environment happy-dom
import { afterEach, expect, it } from 'vitest';
import { signal } from '@preact/signals';
import { render } from 'preact';
import { RefusedError } from '../service/client';
import type { Connection } from '../ui/connection';
import { Pad, PadView } from './remotepad';

const host = document.body.appendChild(document.createElement('div'));
afterEach(() => render(null, host));
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

const setUp = (listeners: number, refused = false) => {
  const sent: unknown[] = [];
  const client = {
    json: async (path: string) => {
      if (refused) throw new RefusedError(403, 'no');
      if (path === '/walls') return { walls: [{ name: 'hall', listeners: 1 }] };
      return { features: [{ id: 1, properties: { code: '420106001020', name: '新河社区' } }] };
    },
    send: async (_method: string, path: string, body: unknown) => {
      sent.push([path, body]);
      return { listeners };
    },
  };
  const connection = { client, epoch: signal(0) } as unknown as Connection;
  const pad = new Pad(connection, () => 'hall', () => 'en');
  const draw = (): void => render(<PadView pad={pad} lang="en" name="hall" layers={[{ id: 'events', title: 'Events' }]} rename={() => undefined} />, host);
  const press = (text: string): void => [...host.querySelectorAll('button')].find((b) => b.textContent === text)?.click();
  return { pad, sent, draw, press };
};

it('sends the wall where a person points', async () => {
  const { pad, sent, draw, press } = setUp(1);
  pad.start();
  await settle();
  draw();
  press('新河');
  press('Next');
  press('Events');
  await settle();
  expect(sent).toEqual([
    ['/walls/hall/commands', { do: 'scope', to: '420106001020' }],
    ['/walls/hall/commands', { do: 'tour', to: 'next' }],
    ['/walls/hall/commands', { do: 'layers', to: 'events' }],
  ]);
  expect(pad.said.value).toBe('Sent');
});

it('says when nobody listens', async () => {
  const { pad } = setUp(0);
  await pad.send('home');
  expect(pad.said.value).toContain('hall is away');
});

it('says whose token is needed', async () => {
  const { pad, draw } = setUp(1, true);
  pad.start();
  await settle();
  draw();
  expect(host.textContent).toContain('dispatcher');
});
