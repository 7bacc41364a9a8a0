// The remote control as a page for a phone: big buttons, one wall.

import { effect, signal, type Signal } from '@preact/signals';
import { readPage, valueText } from '../service/data';
import { RefusedError } from '../service/client';
import type { Connection } from '../ui/connection';
import type { Lang } from '../words/format';
import { periodOf } from './playback';
import { word } from './remotewords';

/** A wall that listens, as /walls lists it. */
interface WallEntry {
  readonly name: string;
  readonly listeners: number;
}

interface Area {
  readonly code: string;
  readonly name: string;
}

/** What the pad knows and does. */
export class Pad {
  readonly walls: Signal<readonly WallEntry[]> = signal([]);
  readonly areas: Signal<readonly Area[]> = signal([]);
  /** What came of the last command, in words. */
  readonly said: Signal<string> = signal('');
  /** Whether the caller may drive walls; undefined while that is not known. */
  readonly allowed: Signal<boolean | undefined> = signal(undefined);

  constructor(
    private readonly connection: Connection,
    private readonly name: () => string,
    private readonly lang: () => Lang,
  ) {}

  /** Asks for the walls every few seconds, and for the areas whenever the caller changes. Never ends. */
  start(): void {
    setInterval(() => void this.#askWalls(), 5000);
    effect(() => {
      void this.connection.epoch.value;
      void this.#askWalls();
      void this.#askAreas();
    });
  }

  /** Sends the wall a command. */
  async send(verb: string, to = '', more: { readonly window?: string; readonly speed?: string } = {}): Promise<void> {
    const name = this.name();
    try {
      const answer = await this.connection.client.send('POST', `/walls/${encodeURIComponent(name)}/commands`, { do: verb, to, ...more });
      const heard = Number((answer as Record<string, unknown> | undefined)?.['listeners'] ?? 0);
      this.said.value = heard > 0 ? word(this.lang(), 'remoteSent') : word(this.lang(), 'remoteNobody', { name });
    } catch (error) {
      this.said.value = error instanceof Error ? error.message : String(error);
    }
  }

  /** Plays the day of the newest event. */
  async playNewest(): Promise<void> {
    const body = await this.connection.client.json('/collections/events/items?sortby=-reported_at&limit=1&properties=reported_at').catch(() => undefined);
    const newest = readPage(body).items[0];
    const at = Date.parse(newest ? valueText(newest, 'reported_at') : '');
    const { from } = periodOf(Number.isNaN(at) ? Date.now() : at, '1d');
    await this.send('playback', new Date(from).toISOString(), { window: '1d', speed: '3600' });
  }

  async #askWalls(): Promise<void> {
    try {
      const body = (await this.connection.client.json('/walls')) as { walls?: WallEntry[] };
      this.walls.value = body.walls ?? [];
      this.allowed.value = true;
    } catch (error) {
      if (error instanceof RefusedError) this.allowed.value = false; // else it is asked again
    }
  }

  async #askAreas(): Promise<void> {
    try {
      const body = await this.connection.client.json('/collections/communities/items?limit=1000&properties=code,name&sortby=code');
      this.areas.value = readPage(body).items.map((item) => ({ code: valueText(item, 'code'), name: valueText(item, 'name') }));
    } catch {
      // Asked again with the next caller; the other buttons work without.
    }
  }
}

/** What the view is given. */
export interface PadViewProps {
  readonly pad: Pad;
  readonly lang: Lang;
  readonly name: string;
  readonly layers: readonly { readonly id: string; readonly title: string }[];
  rename(name: string): void;
}

/** The buttons. */
export function PadView({ pad, lang, name, layers, rename }: PadViewProps) {
  if (pad.allowed.value === false) return <p class="pad-note" role="alert">{word(lang, 'remoteNeedsToken')}</p>;
  const send = (verb: string, to?: string) => () => void pad.send(verb, to);
  return (
    <main class="pad">
      <Which pad={pad} lang={lang} name={name} rename={rename} />
      <p class="pad-said" role="status">{pad.said.value}</p>
      <div class="pad-row">
        <Big text={word(lang, 'remoteHome')} act={send('home')} main />
        <Big text={word(lang, 'remoteMapOnly')} act={send('hide', 'all')} />
        <Big text={word(lang, 'remoteAll')} act={send('hide')} />
        <Big text={word(lang, 'remoteSeen')} act={send('seen')} />
      </div>
      <h2>{word(lang, 'remoteTour')}</h2>
      <div class="pad-row">
        <Big text={word(lang, 'remotePrev')} act={send('tour', 'prev')} />
        <Big text={word(lang, 'pause')} act={send('tour', 'pause')} />
        <Big text={word(lang, 'remoteNext')} act={send('tour', 'next')} />
        <Big text={word(lang, 'remoteStart')} act={send('tour', 'start')} />
        <Big text={word(lang, 'remoteStop')} act={send('tour', 'stop')} />
      </div>
      <h2>{word(lang, 'remotePast')}</h2>
      <div class="pad-row">
        <Big text={word(lang, 'remoteStart')} act={() => void pad.playNewest()} />
        <Big text={word(lang, 'play')} act={send('playback', 'play')} />
        <Big text={word(lang, 'pause')} act={send('playback', 'pause')} />
        <Big text={word(lang, 'toLive')} act={send('playback', 'live')} />
      </div>
      <h2>{word(lang, 'remoteAreas')}</h2>
      <div class="pad-grid">
        {pad.areas.value.map((area) => (
          <Big key={area.code} text={area.name.replace(/社区$/, '')} act={send('scope', area.code)} />
        ))}
      </div>
      <Layers pad={pad} lang={lang} layers={layers} />
      <Big text={word(lang, 'remoteReload')} act={send('reload')} />
    </main>
  );
}

function Which({ pad, lang, name, rename }: { pad: Pad; lang: Lang; name: string; rename(name: string): void }) {
  const walls = pad.walls.value;
  return (
    <div class="pad-which">
      <label>
        {word(lang, 'remoteWall')}
        <input class="field" list="pad-walls" value={name} aria-label={word(lang, 'remoteName')} onChange={(e) => rename(e.currentTarget.value)} />
      </label>
      <datalist id="pad-walls">
        {walls.map((wall) => (
          <option key={wall.name} value={wall.name} />
        ))}
      </datalist>
      {walls.map((wall) => (
        <button key={wall.name} type="button" class="button" aria-pressed={wall.name === name} onClick={() => rename(wall.name)}>
          {wall.name}
        </button>
      ))}
      {walls.length === 0 && <p class="pad-note">{word(lang, 'remoteNone')}</p>}
    </div>
  );
}

/** Layers: a press shows one alone, with the ground. */
function Layers({ pad, lang, layers }: { pad: Pad; lang: Lang; layers: PadViewProps['layers'] }) {
  return (
    <>
      <h2>{word(lang, 'remoteLayers')}</h2>
      <div class="pad-grid">
        {layers.map((layer) => (
          <Big key={layer.id} text={layer.title} act={() => void pad.send('layers', layer.id)} />
        ))}
      </div>
    </>
  );
}

function Big({ text, act, main = false }: { text: string; act(): void; main?: boolean }) {
  return (
    <button type="button" class={`button big${main ? ' primary' : ''}`} onClick={act}>
      {text}
    </button>
  );
}
