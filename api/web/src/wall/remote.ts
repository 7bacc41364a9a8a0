// The remote control: what another device tells this wall to do.

import type { Client } from '../service/client';
import { backoff } from '../service/health';
import { listen } from '../service/listen';
import { parseCamera, type Camera } from '../map/camera';
import { readPlayback, type PlaybackWords } from './playback';

/** A command as the service passes it on. */
export interface Command {
  readonly do: string;
  readonly to: string;
  readonly window?: string;
  readonly speed?: string;
}

/** What a command asks of the page: to change its state, and what else. */
export interface Wish {
  readonly state?: {
    readonly scope?: string | undefined;
    readonly view?: Camera | undefined;
    readonly layers?: readonly string[] | undefined;
    readonly heat?: boolean | undefined;
    readonly mode?: string | undefined;
    readonly hide?: readonly string[] | undefined;
    readonly incident?: number | undefined;
    readonly tour?: boolean | undefined;
  } & PlaybackWords;
  readonly tour?: 'pause' | 'next' | 'prev';
  readonly play?: boolean;
  /** All alarms count as seen. */
  readonly seen?: true;
  readonly reload?: true;
}

/** Reads the data of an event `command`; undefined where it is none. */
export function readCommand(data: string): Command | undefined {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null) return undefined;
  const { do: verb, to, window, speed } = body as Record<string, unknown>;
  if (typeof verb !== 'string') return undefined;
  return {
    do: verb,
    to: typeof to === 'string' ? to : '',
    ...(typeof window === 'string' ? { window } : {}),
    ...(typeof speed === 'string' ? { speed } : {}),
  };
}

const names = (text: string): string[] => text.split(',').filter((name) => name !== '');

/** What a command wishes; undefined for one that this page does not know. */
export function wishOf(command: Command): Wish | undefined {
  const { to } = command;
  switch (command.do) {
    case 'scope':
      return { state: { scope: to || undefined, view: undefined, incident: undefined } };
    case 'view': {
      const view = parseCamera(to);
      return view && { state: { view, incident: undefined } };
    }
    case 'layers':
      return { state: { layers: names(to).filter((name) => name !== 'heat'), heat: names(to).includes('heat') } };
    case 'mode':
      return { state: { mode: to || undefined } };
    case 'hide':
      return { state: { hide: names(to).length > 0 ? names(to) : undefined } };
    case 'incident':
      return { state: { incident: to === '' ? undefined : Number(to) } };
    case 'home':
      return { state: { scope: undefined, view: undefined, incident: undefined, at: undefined, speed: undefined } };
    case 'tour':
      if (to === 'start' || to === 'stop') return { state: { tour: to === 'start' || undefined } };
      return to === 'pause' || to === 'next' || to === 'prev' ? { tour: to } : undefined;
    case 'playback':
      return playbackWish(command);
    case 'seen':
      return { seen: true };
    case 'reload':
      return { reload: true };
    default:
      return undefined;
  }
}

function playbackWish({ to, window, speed }: Command): Wish {
  if (to === 'live') return { state: { at: undefined, speed: undefined } };
  const words = new URLSearchParams({ at: to, ...(window ? { window } : {}), ...(speed ? { speed } : {}) });
  const { at, ...rest } = readPlayback(words);
  if (to === 'play' || to === 'pause') return { state: rest, play: to === 'play' };
  return { state: { ...rest, ...(at === undefined ? {} : { at }) } };
}

/** Follows what a wall of a name is told, until it is stopped; nothing is obeyed twice. */
export class Remote {
  #current: AbortController | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;
  #lastId = '';

  constructor(
    private readonly client: Client,
    private readonly name: string,
    private readonly obey: (command: Command) => void,
  ) {}

  /** Listens, and connects again whenever the connection breaks, falls silent or is refused. */
  async run(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      const control = new AbortController();
      this.#current = control;
      try {
        await listen(this.client, `/walls/${encodeURIComponent(this.name)}/commands`, this.#lastId, control, (message) => {
          failures = 0;
          if (message.id !== '') this.#lastId = message.id;
          const command = message.event === 'command' ? readCommand(message.data) : undefined;
          if (command) this.obey(command);
        });
      } catch {
        // Refused, broken or silent: all are answered by trying again.
      }
      if (this.#stopped) return;
      failures++;
      await this.#pause(backoff(failures, Math.random()));
    }
  }

  /** Connects again at once, perhaps as another caller. */
  restart(): void {
    this.#current?.abort();
    this.#wake?.();
  }

  /** Ends it for good. */
  stop(): void {
    this.#stopped = true;
    this.restart();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** What a wall may be called: as the service has it. */
export const readWallName = (text: string | null): string | undefined => /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,31}$/u.exec(text ?? '')?.[0];
