// Rendering a component in a test, and taking it away again; and a service that answers what the test says.

import { render, type ComponentChild } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, vi } from 'vitest';

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

/** Submits the first form of an element, and waits until what that does is drawn. */
export const submit = (host: ParentNode): Promise<void> => happen(() => void host.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })));

/** What was asked of a service. */
export interface Asked {
  /** The path of a GET; for others the method before it. */
  readonly line: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** A service in place of the network: it answers with what stands under the longest key that a question begins with, 404 where none does. */
export class Service {
  readonly log: Asked[] = [];

  /** A key is a path, for other methods than GET after the method; an answer is JSON, a Response, or a function that makes one of them, now or later. */
  constructor(readonly answers: Record<string, unknown>) {
    vi.stubGlobal('fetch', (path: string, init: RequestInit = {}) => this.#answer(path, init));
  }

  /** The questions so far that begin with something. */
  asked(start = ''): string[] {
    return this.log.map((a) => a.line).filter((line) => line.startsWith(start));
  }

  async #answer(path: string, init: RequestInit): Promise<Response> {
    const line = init.method === undefined || init.method === 'GET' ? path : `${init.method} ${path}`;
    this.log.push({ line, body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined, headers: (init.headers ?? {}) as Record<string, string> });
    const [key] = Object.keys(this.answers).filter((k) => line.startsWith(k)).sort((a, b) => b.length - a.length);
    const made = key === undefined ? problem(404, `nothing at ${line}`) : this.answers[key];
    const answer: unknown = await (typeof made === 'function' ? (made as (line: string, init: RequestInit) => unknown)(line, init) : made);
    return answer instanceof Response ? answer : new Response(JSON.stringify(answer), { headers: { 'Content-Type': 'application/json' } });
  }
}

/** An answer that says what is wrong, as RFC 9457 has it. */
export const problem = (status: number, detail = '', field = '') => (): Response => new Response(JSON.stringify({ detail, field }), { status });

/** An answer that never comes: nobody is there. */
export const away = (): never => {
  throw new TypeError('fetch failed');
};

/** An answer that comes when the test says so. */
export function later<T = unknown>(): { readonly answer: Promise<T>; come(value: T): void } {
  let come: (value: T) => void = () => undefined;
  const answer = new Promise<T>((resolve) => (come = resolve));
  return { answer, come };
}
