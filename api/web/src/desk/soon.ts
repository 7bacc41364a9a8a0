// Doing something once for many reasons that come together.

/** Soon does its work a moment after the first of any number of calls. */
export class Soon {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;

  constructor(private readonly work: () => void) {}

  /** Sees to it that the work is done within so many milliseconds. */
  within(ms: number): void {
    const due = Date.now() + ms;
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#due = Infinity;
      this.work();
    }, ms);
  }

  /** Forgets what was asked for. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }
}
