// The tour: one community after the other, by the clock on the wall, so that two walls show the same one.

/** How long the tour stays at a stop. */
export const STOP_MS = 20_000;

/** Which of `stops` stops is due at a time (milliseconds since 1970); the stop after the last is the whole map (undefined). */
export function stopAt(now: number, stops: number): number | undefined {
  const at = Math.floor(now / STOP_MS) % (stops + 1);
  return at === stops ? undefined : at;
}

/** Tour calls `visit` at each new stop while it runs. */
export class Tour {
  #running = false;
  #last: number | undefined | 'none' = 'none';

  constructor(private readonly visit: (stop: number | undefined) => void) {}

  /** Whether the tour is on. */
  get running(): boolean {
    return this.#running;
  }

  /** Starts or ends the tour. */
  set(running: boolean): void {
    this.#running = running;
    this.#last = 'none';
  }

  /** To be called every second. */
  tick(now: number, stops: number): void {
    if (!this.#running || stops === 0) return;
    const stop = stopAt(now, stops);
    if (stop === this.#last) return;
    this.#last = stop;
    this.visit(stop);
  }
}
