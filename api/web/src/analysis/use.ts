// Asking from a component: what is asked again replaces what was asked before, and an answer stays until the next one has come.

import { useEffect, useState } from 'preact/hooks';

/** An answer of the service on its way. */
export interface Answer<T> {
  readonly value?: T | undefined;
  /** The sentence of what went wrong. */
  readonly error?: string | undefined;
  readonly asking: boolean;
}

/** The sentence of an error. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Asks when `key` changes; undefined asks nothing and forgets the answer. `ask` is given a signal that ends when nobody waits for it.
 * An answer to the key before stays while the next is on its way.
 */
export function useAnswer<T>(key: string | undefined, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [{ of, ...answer }, set] = useState<Answer<T> & { readonly of: string | undefined }>({ asking: key !== undefined, of: key });
  useEffect(() => {
    if (key === undefined) {
      set({ asking: false, of: key });
      return;
    }
    const abort = new AbortController();
    set((before) => ({ ...before, asking: true, of: key }));
    ask(abort.signal).then(
      (value) => !abort.signal.aborted && set({ value, asking: false, of: key }),
      (error: unknown) => !abort.signal.aborted && set({ error: errorText(error), asking: false, of: key }),
    );
    return () => abort.abort();
  }, [key]);
  return of === key ? answer : { ...answer, asking: key !== undefined }; // what is drawn before the question is put
}
