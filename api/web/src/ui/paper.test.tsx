// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { expect, it } from 'vitest';
import { RECOLOURED, usePaper } from './paper';

function Dark() {
  usePaper('dark');
  return null;
}

it('is light while the page is printed, and says so when the colours are there', async () => {
  document.documentElement.dataset['theme'] = 'dark';
  const told: (string | undefined)[] = [];
  window.addEventListener(RECOLOURED, () => told.push(document.documentElement.dataset['theme']));
  await act(() => render(<Dark />, document.body));
  window.dispatchEvent(new Event('beforeprint'));
  window.dispatchEvent(new Event('afterprint'));
  expect(told).toEqual(['light', 'dark']);
});
