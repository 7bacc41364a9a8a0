// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from 'vitest';
import { computed, signal } from '@preact/signals';
import { render } from 'preact';
import { Playback, type PlaybackWords } from './playback';
import { PlaybackBar } from './playbackbar';

const at = (text: string): number => Date.parse(`${text}+08:00`);
let host: HTMLElement;

beforeEach(() => (host = document.body.appendChild(document.createElement('div'))));
afterEach(() => {
  render(null, host);
  host.remove();
});

const show = (first: PlaybackWords, controls = true, failed = false) => {
  const words = signal(first);
  const playback = new Playback(computed(() => words.value), (parts) => (words.value = { ...words.value, ...parts }));
  const draw = (): void => render(<PlaybackBar lang="en" playback={playback} controls={controls} failed={failed} />, host);
  draw();
  return { words, playback, draw };
};

it('is not there while the wall shows now', () => {
  show({});
  expect(host.textContent).toBe('');
});

it('says that this is the past, and of when', async () => {
  const { playback, draw } = show({ at: at('2017-12-04T14:05:00') });
  expect(host.textContent).toContain('not live');
  expect(host.textContent).toContain('2017-12-04 Monday 14:05');
  expect(host.textContent).toContain('Reading the events');
  const period = playback.period.value;
  if (period) playback.recording.value = { ...period, events: [], matched: 3 };
  draw();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(host.textContent).toContain('0 open then');
  expect(host.textContent).toContain('the newest 0 of 3 events');
});

it('plays, steps, moves and goes back to now', () => {
  const { words, playback, draw } = show({ at: at('2017-12-04T12:00:00') });
  host.querySelector<HTMLButtonElement>('[aria-label=Play]')?.click();
  expect(words.value.speed).toBe(3600);
  const slider = host.querySelector<HTMLInputElement>('[type=range]');
  expect(slider?.value).toBe('500');
  if (slider) slider.value = '250';
  slider?.dispatchEvent(new Event('input', { bubbles: true }));
  expect(playback.at.value).toBe(at('2017-12-04T06:00:00'));
  expect(words.value.at).toBe(at('2017-12-04T12:00:00'));
  slider?.dispatchEvent(new Event('change', { bubbles: true }));
  expect(words.value.at).toBe(at('2017-12-04T06:00:00'));
  draw();
  [...host.querySelectorAll('button')].find((b) => b.textContent === 'Back to live')?.click();
  expect(playback.at.value).toBeUndefined();
});

it('has nothing to press on a kiosk', () => {
  show({ at: at('2017-12-04T12:00:00') }, false, true);
  expect(host.querySelectorAll('button, input, select')).toHaveLength(0);
  expect(host.textContent).toContain('could not be read');
});
