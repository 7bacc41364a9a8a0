// The state of a page lives in its address, behind # so that it never reaches a server or its log.

import { signal, type Signal } from '@preact/signals';

/** How a state is read from a fragment and written as one. What is undefined is left to the defaults. */
export interface Codec<State> {
  read(words: URLSearchParams): State;
  /** Writes what is not the default; the token is never written. */
  write(state: State): URLSearchParams;
}

/** Takes the token out of the address, so that neither the history nor a shared link holds it. */
export function takeToken(): string | undefined {
  const words = new URLSearchParams(location.hash.replace(/^#/, ''));
  const token = words.get('token')?.trim();
  if (token === undefined) return undefined;
  words.delete('token');
  history.replaceState(null, '', location.pathname + location.search + fragment(words));
  return token === '' ? undefined : token;
}

/** Address is the state of a page, the same as its address says: setting one sets the other. */
export class Address<State extends object> {
  /** The state; set it through change. */
  readonly state: Signal<State>;
  readonly #read = (): void => {
    this.state.value = this.codec.read(new URLSearchParams(location.hash.replace(/^#/, '')));
  };

  constructor(private readonly codec: Codec<State>) {
    this.state = signal(codec.read(new URLSearchParams(location.hash.replace(/^#/, ''))));
    window.addEventListener('hashchange', this.#read);
    window.addEventListener('popstate', this.#read);
  }

  /** Changes parts of the state. `visit` makes it a step that the browser's back button undoes. */
  change(parts: Partial<State>, visit = false): void {
    const next = { ...this.state.value, ...parts };
    const url = location.pathname + location.search + fragment(this.codec.write(next));
    this.state.value = next;
    if (visit) history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  }

  /** Stops following the browser. */
  close(): void {
    window.removeEventListener('hashchange', this.#read);
    window.removeEventListener('popstate', this.#read);
  }
}

/** Writes words as a fragment that people can read: commas, slashes and colons stay. */
export function fragment(words: URLSearchParams): string {
  const text = words.toString().replace(/%2C/g, ',').replace(/%2F/g, '/').replace(/%3A/g, ':');
  return text === '' ? '' : `#${text}`;
}
