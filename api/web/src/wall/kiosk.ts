// A wall that is left alone for months: when it starts itself anew, and what keeps it awake. Times in milliseconds.

import { readWallName } from './remote';

/** What the address says of a wall that nobody sits at. */
export interface KioskWords {
  /** No pointer, no buttons, no scrollbars; the screen stays on. */
  readonly kiosk?: true | undefined;
  /** The name under which another device drives it. */
  readonly name?: string | undefined;
  /** Whether it starts anew each night. */
  readonly reload?: 'daily' | undefined;
}

/** Reads the words of an address. */
export function readKiosk(words: URLSearchParams): KioskWords {
  const name = readWallName(words.get('name'));
  return {
    ...(words.get('kiosk') === '1' ? { kiosk: true as const } : {}),
    ...(name ? { name } : {}),
    ...(words.get('reload') === 'daily' ? { reload: 'daily' as const } : {}),
  };
}

/** Writes them. */
export const writeKiosk = ({ kiosk, name, reload }: KioskWords): [string, string][] => [
  ...(kiosk ? [['kiosk', '1'] as [string, string]] : []),
  ...(name ? [['name', name] as [string, string]] : []),
  ...(reload ? [['reload', reload] as [string, string]] : []),
];

/** What a page knows of itself. */
export interface Signs {
  /** Now, in milliseconds since 1970. */
  readonly now: number;
  /** How long the page has lived. */
  readonly age: number;
  /** How long nobody has touched it. */
  readonly idle: number;
  /** How long the stream has said nothing. */
  readonly silent: number;
  /** How long no picture was drawn although the page is on the screen. */
  readonly still: number;
  /** How long the graphics context has been lost. */
  readonly lost: number;
  /** Whether the service has other pages than this one. */
  readonly outdated: boolean;
  /** Whether nothing is going on that a reload would spoil: no alarm, no incident, nobody playing the past. */
  readonly quiet: boolean;
  readonly daily: boolean;
}

/** Why a page starts anew. */
export type Reason = 'outdated' | 'silent' | 'still' | 'lost' | 'night';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SILENT_MS = 10 * MINUTE;
const STILL_MS = 2 * MINUTE;
const LOST_MS = 2 * MINUTE;
const IDLE_MS = MINUTE;
const NIGHT_IDLE_MS = 10 * MINUTE;
/** The night begins at three in China and ends at five. */
const NIGHT = { from: 3, to: 5 } as const;

/** Whether to start anew, and why. */
export function reasonOf(signs: Signs): Reason | undefined {
  if (signs.still > STILL_MS) return 'still';
  if (signs.lost > LOST_MS) return 'lost';
  if (signs.silent > SILENT_MS) return 'silent';
  if (!signs.quiet) return undefined;
  if (signs.outdated && signs.idle > IDLE_MS) return 'outdated';
  const hour = Math.floor((signs.now / HOUR + 8) % 24);
  if (signs.daily && hour >= NIGHT.from && hour < NIGHT.to && signs.age > 6 * HOUR && signs.idle > NIGHT_IDLE_MS) return 'night';
  return undefined;
}

/** The starts of a page that did not last, kept for the next one. */
export interface Tries {
  readonly count: number;
  /** When the last reload was, in milliseconds since 1970. */
  readonly at: number;
}

/** Whether another reload may come now: after one, a minute, doubling to an hour; a page that lived an hour begins anew. Never a loop. */
export function mayReload(tries: Tries, now: number): boolean {
  return tries.count === 0 || now - tries.at >= Math.min(HOUR, MINUTE * 2 ** (tries.count - 1));
}

/** What to remember of a reload. */
export const nextTries = (tries: Tries, now: number): Tries => ({ count: now - tries.at > 2 * HOUR ? 1 : Math.min(20, tries.count + 1), at: now });

/** Whether a document is of the build that has these scripts and styles: their names carry digests. */
export const sameBuild = (html: string, files: readonly string[]): boolean => files.every((file) => html.includes(file.slice(file.lastIndexOf('/') + 1)));

/** The scripts and styles that this page was loaded with. */
export const loadedFiles = (): string[] =>
  [...document.querySelectorAll<HTMLScriptElement | HTMLLinkElement>('script[src], link[rel=stylesheet]')].map((node) => ('src' in node ? node.src : node.href));

const TRIES_KEY = 'shapan.reloads';

/** What the watchman asks of the page every so often. */
export type Look = () => Pick<Signs, 'idle' | 'silent' | 'lost' | 'quiet' | 'daily'>;

/** Watchman starts the page anew when it must, and never into the void: the service has to answer first. */
export class Watchman {
  #born = performance.now();
  #drawn = performance.now();
  #outdated = false;
  #lock: WakeLockSentinel | undefined;

  constructor(
    /** The addresses of the page's own scripts and styles. */
    private readonly files: readonly string[],
    private readonly look: Look,
    private readonly reload: () => void = () => location.reload(),
  ) {}

  /** Begins to watch; `awake` also keeps the screen on. Never ends. */
  start(awake: boolean): void {
    const draw = (): void => {
      this.#drawn = performance.now();
      setTimeout(() => requestAnimationFrame(draw), 1000);
    };
    requestAnimationFrame(draw);
    setInterval(() => void this.#askBuild(), 30_000);
    setInterval(() => void this.#judge(), 5000);
    if (!awake) return;
    void this.#keepAwake();
    document.addEventListener('visibilitychange', () => void this.#keepAwake());
  }

  /** Asks at once whether the service has other pages. */
  askBuild(): void {
    void this.#askBuild();
  }

  /** Starts anew now, if the service answers: somebody asked for it. */
  async restart(): Promise<void> {
    if ((await this.#page()) !== undefined) this.reload();
  }

  async #judge(): Promise<void> {
    const now = Date.now();
    const at = performance.now();
    if (document.hidden) this.#drawn = at;
    const reason = reasonOf({ ...this.look(), now, age: at - this.#born, still: at - this.#drawn, outdated: this.#outdated });
    const tries = readTries();
    if (reason === undefined || !mayReload(tries, now)) return;
    if ((await this.#page()) === undefined) return;
    keepTries(nextTries(tries, now));
    this.reload();
  }

  async #askBuild(): Promise<void> {
    const html = await this.#page();
    if (html !== undefined) this.#outdated = !sameBuild(html, this.files);
  }

  /** The document that a reload would load; undefined where nobody answers. */
  async #page(): Promise<string | undefined> {
    try {
      const response = await fetch(location.pathname, { cache: 'no-cache', credentials: 'omit' });
      return response.ok ? await response.text() : undefined;
    } catch {
      return undefined;
    }
  }

  async #keepAwake(): Promise<void> {
    if (document.hidden || (this.#lock && !this.#lock.released)) return;
    try {
      this.#lock = await navigator.wakeLock?.request('screen');
    } catch {
      // Not allowed here: the system's own setting decides.
    }
  }
}

function readTries(): Tries {
  try {
    const { count, at } = JSON.parse(sessionStorage.getItem(TRIES_KEY) ?? '{}') as Record<string, unknown>;
    return typeof count === 'number' && typeof at === 'number' ? { count, at } : { count: 0, at: 0 };
  } catch {
    return { count: 0, at: 0 };
  }
}

function keepTries(tries: Tries): void {
  try {
    sessionStorage.setItem(TRIES_KEY, JSON.stringify(tries));
  } catch {
    // The store is forbidden: each page starts with none.
  }
}
