// A serious event can be heard: off until somebody switches it on.

import { effect } from '@preact/signals';
import { BANNER_LEVEL, TAKEOVER_LEVEL, type Alarms } from './alarms';

/** Two tones, the higher one for the highest level; in hertz. */
const TONES = { serious: [660, 880], critical: [880, 1320] } as const;
const TONE_S = 0.22;

/** Sounds once for each serious alarm that comes while `wanted` says so. In a flood only the highest level is heard. */
export function ring(alarms: Alarms, wanted: () => boolean): () => void {
  let last = 0;
  let context: AudioContext | undefined;
  return effect(() => {
    const serious = alarms.list.value.filter((a) => !a.seen && a.level >= (alarms.flood.value ? TAKEOVER_LEVEL : BANNER_LEVEL));
    const newest = Math.max(0, ...serious.map((a) => a.at));
    if (newest <= last) return;
    last = newest;
    if (!wanted()) return;
    context ??= new AudioContext();
    play(context, serious.some((a) => a.at === newest && a.level >= TAKEOVER_LEVEL) ? TONES.critical : TONES.serious);
  });
}

function play(context: AudioContext, tones: readonly number[]): void {
  tones.forEach((hertz, i) => {
    const [tone, gain, at] = [context.createOscillator(), context.createGain(), context.currentTime + i * TONE_S];
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0.25, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + TONE_S);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + TONE_S);
  });
}
