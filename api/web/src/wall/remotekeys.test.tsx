// @vitest-environment happy-dom
import { afterEach, expect, it } from 'vitest';
import { render } from 'preact';
import { Keys } from './keys';
import { KeySheet } from './remotekeys';

const host = document.body.appendChild(document.createElement('div'));
afterEach(() => render(null, host));

it('lists the keys, and is closed by Escape before anything else is', async () => {
  const keys = new Keys();
  let [closed, back] = [0, 0];
  keys.add({ Escape: () => back++ });
  render(<KeySheet lang="en" keys={keys} closed={() => closed++} />, host);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(host.querySelectorAll('dt').length).toBeGreaterThan(8);
  keys.press(new KeyboardEvent('keydown', { key: 'Escape' }));
  expect([closed, back]).toEqual([1, 0]);
  render(null, host);
  await new Promise((resolve) => setTimeout(resolve, 50));
  keys.press(new KeyboardEvent('keydown', { key: 'Escape' }));
  expect([closed, back]).toEqual([1, 1]);
});
