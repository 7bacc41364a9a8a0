// Rendering a component in a test, and taking it away again.

import { render, type ComponentChild } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach } from 'vitest';

/** Makes a place for the components of a test file; call it once, at the top of the file. */
export function stage(): (what: ComponentChild) => HTMLElement {
  let host: HTMLElement | undefined;
  afterEach(() => {
    if (host) render(null, host);
    host?.remove();
    host = undefined;
  });
  return (what) => {
    host ??= document.body.appendChild(document.createElement('div'));
    const place = host;
    void act(() => render(what, place));
    return place;
  };
}

/** Lets something happen to what is rendered, and waits until it is drawn. */
export const happen = async (what: () => void | Promise<void>): Promise<void> => {
  await act(async () => {
    await what();
  });
};

/** Writes into a field as a person does. */
export function write(field: HTMLInputElement | HTMLSelectElement, value: string): void {
  field.value = value;
  field.dispatchEvent(new Event(field instanceof HTMLSelectElement ? 'change' : 'input', { bubbles: true }));
}

/** Presses a key in an element. */
export const press = (element: Element, key: string): boolean => element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
