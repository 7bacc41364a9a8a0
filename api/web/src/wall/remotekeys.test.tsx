// @vitest-environment happy-dom
import { render } from 'preact';
import { expect, it } from 'vitest';
import { happen, stage } from '../ui/testing';
import { Keys } from './keys';
import { KeySheet } from './remotekeys';

const show = stage();

it('lists the keys, and is closed by Escape before anything else is', async () => {
  const keys = new Keys();
  let [closed, back] = [0, 0];
  keys.add({ Escape: () => back++ });
  const host = show(<KeySheet lang="en" keys={keys} closed={() => closed++} />);
  expect(host.querySelectorAll('dt').length).toBeGreaterThan(8);
  keys.press(new KeyboardEvent('keydown', { key: 'Escape' }));
  expect([closed, back]).toEqual([1, 0]);
  await happen(() => render(null, host));
  keys.press(new KeyboardEvent('keydown', { key: 'Escape' }));
  expect([closed, back]).toEqual([1, 1]);
});
