// The past on the wall: a banner that cannot be taken for now, and what moves through it.

import type { Lang } from '../words/format';
import { clock, count, day, weekday } from '../words/format';
import { flow, SPEEDS, WINDOWS, type Period, type Playback } from './playback';
import { word, type RemoteWord } from './remotewords';

/** What the bar is given. */
export interface PlaybackBarProps {
  readonly lang: Lang;
  readonly playback: Playback;
  /** Whether the period could not be read. */
  readonly failed: boolean;
  /** Whether a person may move it; a kiosk shows the banner alone. */
  readonly controls: boolean;
}

const OFFSET_MS = 8 * 3600_000;

/** The bar; nothing while the wall shows now. */
export function PlaybackBar(p: PlaybackBarProps) {
  const at = p.playback.at.value;
  if (at === undefined) return null;
  return (
    <section class="playback" aria-label={word(p.lang, 'playback')}>
      <Banner {...p} at={at} />
      {p.controls && <Controls {...p} at={at} />}
    </section>
  );
}

function Banner({ lang, playback, failed, at }: PlaybackBarProps & { at: number }) {
  return (
    <div class="playback-banner">
      <strong>{word(lang, 'notLive')}</strong>
      <time dateTime={new Date(at).toISOString()}>
        {day(at)} {weekday(at, lang)} {clock(at).slice(0, playback.speed.value < 600 ? 8 : 5)}
      </time>
      <span>{story(lang, playback, failed, at)}</span>
    </div>
  );
}

/** What is known of the moment, in words. */
function story(lang: Lang, playback: Playback, failed: boolean, at: number): string {
  const open = playback.open.value;
  const recording = playback.recording.value;
  if (!open || !recording) return word(lang, failed ? 'pastFailed' : 'loadingPast');
  const { reported, ended } = flow(recording, at);
  const told = [word(lang, 'openThen', { n: count(open.length) }), word(lang, 'flowThen', { reported: count(reported), ended: count(ended) })];
  if (recording.matched > recording.events.length) told.push(word(lang, 'cut', { n: count(recording.events.length), all: count(recording.matched) }));
  return told.join(' · ');
}

function Controls({ lang, playback, at }: PlaybackBarProps & { at: number }) {
  const period = playback.period.value ?? { from: at, to: at + 1 };
  const playing = playback.playing.value;
  return (
    <div class="playback-controls">
      <Push label={word(lang, 'before')} act={() => playback.turn(-1)} sign="«" />
      <Push label={word(lang, 'stepBack')} act={() => playback.step(-1)} sign="‹" />
      <Push label={word(lang, playing ? 'pause' : 'play')} act={() => playback.play(!playing)} sign={playing ? '❚❚' : '▶'} main />
      <Push label={word(lang, 'stepOn')} act={() => playback.step(1)} sign="›" />
      <Push label={word(lang, 'after')} act={() => playback.turn(1)} sign="»" />
      <input
        type="range"
        aria-label={word(lang, 'moment')}
        aria-valuetext={`${day(at)} ${clock(at)}`}
        min={0}
        max={1000}
        value={Math.round((1000 * (at - period.from)) / (period.to - period.from))}
        onInput={(e) => playback.scrub(momentOf(e.currentTarget.value, period))}
        onChange={(e) => playback.seek(momentOf(e.currentTarget.value, period))}
      />
      <input
        type="datetime-local"
        aria-label={word(lang, 'moment')}
        value={new Date(at + OFFSET_MS).toISOString().slice(0, 16)}
        onChange={(e) => {
          const wanted = Date.parse(`${e.currentTarget.value}:00+08:00`);
          if (!Number.isNaN(wanted)) playback.seek(wanted);
        }}
      />
      <Pick label={word(lang, 'window')} value={playback.window.value} all={WINDOWS.map((w) => [w, word(lang, `w${w}` as RemoteWord)])} pick={(w) => playback.cover(WINDOWS.find((known) => known === w) ?? '1d')} />
      <Pick label={word(lang, 'speed')} value={String(playback.speed.value)} all={SPEEDS.map((s) => [String(s), word(lang, `s${s}` as RemoteWord)])} pick={(s) => playback.pace(Number(s))} />
      <button class="quiet" type="button" onClick={() => playback.live()}>
        {word(lang, 'toLive')}
      </button>
    </div>
  );
}

/** The moment at a place of the slider, whose end belongs to the next period. */
const momentOf = (place: string, { from, to }: Period): number => from + (Math.min(999, Number(place)) * (to - from)) / 1000;

function Push({ label, act, sign, main = false }: { label: string; act(): void; sign: string; main?: boolean }) {
  return (
    <button class={`quiet push${main ? ' on' : ''}`} type="button" aria-label={label} title={label} onClick={act}>
      {sign}
    </button>
  );
}

function Pick({ label, value, all, pick }: { label: string; value: string; all: readonly (readonly [string, string])[]; pick(value: string): void }) {
  return (
    <select class="quiet" aria-label={label} value={value} onChange={(e) => pick(e.currentTarget.value)}>
      {all.map(([key, title]) => (
        <option key={key} value={key}>
          {title}
        </option>
      ))}
    </select>
  );
}
