// A question that is put again and again, of which only the newest answer counts.

/** Question drops the answer of a question that was overtaken; who waits for one that was waits for the newest. */
export class Question {
  #turn = 0;
  #newest: Promise<void> = Promise.resolve();

  /** Asks by `ask`, which looks at `current` before it keeps an answer. It ends when the newest question has. */
  put(ask: (current: () => boolean) => Promise<void>): Promise<void> {
    const turn = ++this.#turn;
    const current = (): boolean => turn === this.#turn;
    return (this.#newest = ask(current).then(() => (current() ? undefined : this.#newest)));
  }

  /** Lets no answer count that is under way. */
  drop(): void {
    this.#turn++;
    this.#newest = Promise.resolve();
  }
}
