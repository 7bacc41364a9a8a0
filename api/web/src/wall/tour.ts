// The tour: stop by stop by the clock on the wall, so that two walls show the same one, also after a reload.

import { signal, type Signal } from '@preact/signals';
import { parseCamera, type Camera } from '../map/camera';

/** Where the wall stays for a while: an area, or a camera, or with neither all of the map. */
export interface TourStop {
  readonly scope?: string;
  readonly view?: Camera;
  readonly seconds: number;
  /** Layers that are shown meanwhile; absent: as they are. */
  readonly layers?: readonly string[];
  readonly heat?: boolean;
  /** The panel to look at. */
  readonly panel?: string;
}

/** A hand on the wall, or an alarm, holds the tour for so long. */
export const HELD_MS = 60_000;
/** A tour that somebody stopped goes on after so long: a wall that was forgotten does not stand for ever. */
export const PAUSED_MS = 3600_000;

/** Reads /tour.json. The service has checked it. */
export function readTour(body: unknown): TourStop[] {
  const stops = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['stops'] : undefined;
  return (Array.isArray(stops) ? (stops as unknown[]) : []).flatMap((entry) => {
    const stop = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    const { scope, seconds, layers, heat, panel } = stop;
    const view = typeof stop['view'] === 'string' ? parseCamera(stop['view']) : undefined;
    if (typeof seconds !== 'number' || !(seconds > 0)) return [];
    return {
      seconds,
      ...(typeof scope === 'string' && scope !== '' ? { scope } : {}),
      ...(view ? { view } : {}),
      ...(Array.isArray(layers) ? { layers: layers.filter((name) => typeof name === 'string') } : {}),
      ...(typeof heat === 'boolean' ? { heat } : {}),
      ...(typeof panel === 'string' ? { panel } : {}),
    };
  });
}

/** Which stop is due at a time (milliseconds since 1970); 0 where there is none. */
export function stopAt(now: number, stops: readonly TourStop[]): number {
  const all = stops.reduce((sum, stop) => sum + stop.seconds, 0);
  let rest = all === 0 ? 0 : (now / 1000) % all;
  for (const [i, stop] of stops.entries()) {
    if (rest < stop.seconds) return i;
    rest -= stop.seconds;
  }
  return 0;
}

/** Tour visits each stop when it is due. */
export class Tour {
  /** The stops; none until they are known. */
  stops: readonly TourStop[] = [];
  /** Until when it is held, in milliseconds since 1970; 0: it runs. */
  readonly heldUntil: Signal<number> = signal(0);
  #running = false;
  #at: number | undefined;

  constructor(private readonly visit: (stop: TourStop) => void) {}

  /** Whether the tour is on, held or not. */
  get running(): boolean {
    return this.#running;
  }

  /** Starts or ends the tour. */
  set(running: boolean): void {
    if (running === this.#running) return;
    this.#running = running;
    this.#at = undefined;
    this.heldUntil.value = 0;
  }

  /** Holds the tour for a while: somebody touched the wall, or an alarm is there. */
  hold(now: number, ms = HELD_MS): void {
    if (this.#running) this.heldUntil.value = Math.max(this.heldUntil.value, now + ms);
  }

  /** Goes on at once, where the clock says. */
  resume(): void {
    this.heldUntil.value = 0;
    this.#at = undefined;
  }

  /** Holds a running tour until it is resumed, and resumes a held one. */
  toggle(now: number): void {
    if (this.heldUntil.value > now) this.resume();
    else this.hold(now, PAUSED_MS);
  }

  /** Goes some stops on (or back) and holds there for a while; it also goes where no tour is on. */
  step(by: number, now: number): void {
    const n = this.stops.length;
    if (n === 0) return;
    const from = this.#at ?? (this.#running ? stopAt(now, this.stops) : by > 0 ? -1 : 0);
    this.#go((((from + by) % n) + n) % n);
    this.hold(now);
  }

  /** To be called every second. */
  tick(now: number): void {
    if (!this.#running || this.stops.length === 0 || now < this.heldUntil.value) return;
    if (this.heldUntil.value !== 0) this.resume(); // whoever held it may have moved the map: the stop is visited again
    const due = stopAt(now, this.stops);
    if (due !== this.#at) this.#go(due);
  }

  #go(at: number): void {
    this.#at = at;
    const stop = this.stops[at];
    if (stop) this.visit(stop);
  }
}
