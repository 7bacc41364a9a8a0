import { describe, expect, it } from 'vitest';
import { computed, signal } from '@preact/signals';
import type { Client } from '../service/client';
import { asGeoJSON, byLevel, flow, nextPath, openAt, periodOf, Playback, readPlayback, record, recordingPaths, writePlayback, type PlaybackWords, type Recording } from './playback';

const at = (text: string): number => Date.parse(`${text}+08:00`);

const event = (id: number, reported: string, closed?: string, level = 3): unknown => ({
  id,
  geometry: { type: 'Point', coordinates: [114.3, 30.56] },
  properties: { reported_at: `${reported}+08:00`, level, ...(closed ? { closed_at: `${closed}+08:00` } : {}) },
});

const recordingOf = async (...events: unknown[]): Promise<Recording> => {
  const client = { json: async (path: string) => ({ features: path.includes('closed_at=null') ? events : [], numberMatched: 0 }) } as unknown as Client;
  return record(client, periodOf(at('2017-12-04T12:00:00'), '1d'));
};

describe('the words of playing', () => {
  it('are read in the time of China and written so', () => {
    const words = readPlayback(new URLSearchParams('at=2017-12-04T14:05&window=7d&speed=3600'));
    expect(words).toEqual({ at: at('2017-12-04T14:05:00'), window: '7d', speed: 3600 });
    expect(new URLSearchParams(writePlayback(words)).toString()).toBe('at=2017-12-04T14%3A05%3A00&window=7d&speed=3600');
    expect(readPlayback(new URLSearchParams('at=2017-12-04T06:05:00Z')).at).toBe(words.at);
    expect(readPlayback(new URLSearchParams('at=yesterday&window=3d&speed=0'))).toEqual({});
    expect(writePlayback({ speed: 60 })).toEqual([]);
  });

  it('cover whole hours, days, weeks from Monday and months', () => {
    const moment = at('2017-12-06T14:05:00');
    const said = (['1h', '1d', '7d', '30d'] as const).map((w) => {
      const { from, to } = periodOf(moment, w);
      return [new Date(from).toISOString(), (to - from) / 3600_000];
    });
    expect(said).toEqual([
      ['2017-12-06T06:00:00.000Z', 1],
      ['2017-12-05T16:00:00.000Z', 24],
      ['2017-12-03T16:00:00.000Z', 168],
      ['2017-11-30T16:00:00.000Z', 744],
    ]);
  });
});

describe('a recording', () => {
  it('asks for what was open at any time of the period, and for no other', () => {
    const paths = recordingPaths(periodOf(at('2017-12-04T12:00:00'), '1d'), '420106001').map((p) => new URLSearchParams(p.split('?')[1]));
    expect(paths.map((p) => [p.get('closed_at'), p.get('cancelled_at')])).toEqual([
      ['null()', 'null()'],
      ['>=2017-12-03T16:00:00.000Z', null],
      [null, '>=2017-12-03T16:00:00.000Z'],
    ]);
    expect(new Set(paths.map((p) => p.get('reported_at')))).toEqual(new Set(['<=2017-12-04T15:59:59.999Z']));
    expect(paths.every((p) => p.get('scope') === '420106001')).toBe(true);
  });

  it('says what was open at a moment: from its report until its end', async () => {
    const r = await recordingOf(event(1, '2017-12-04T08:00:00', '2017-12-04T14:05:00'), event(2, '2017-12-04T14:05:00', undefined, 5), event(3, '2017-12-01T10:00:00'));
    const ids = (text: string): number[] => openAt(r, at(text)).map((e) => e.item.id);
    expect(ids('2017-12-04T14:04:59')).toEqual([3, 1]);
    expect(ids('2017-12-04T14:05:00')).toEqual([3, 2]);
    expect(ids('2017-12-04T07:00:00')).toEqual([3]);
    const open = openAt(r, at('2017-12-04T14:05:00'));
    expect(byLevel(open)).toEqual([0, 0, 1, 0, 1]);
    expect(asGeoJSON(open).features).toHaveLength(2);
    expect(flow(r, at('2017-12-04T14:05:00'))).toEqual({ reported: 2, ended: 1 });
  });

  it('follows the pages, and stops at its limit', async () => {
    const asked: string[] = [];
    const client = {
      json: async (path: string) => {
        asked.push(path);
        const page = Number(/page=(\d+)/.exec(path)?.[1] ?? 0);
        const features = Array.from({ length: 10 }, (_, i) => event(page * 10 + i, '2017-12-04T08:00:00'));
        return { features, numberMatched: 100, links: [{ rel: 'next', href: `https://map.example/shapan/collections/events/items?page=${page + 1}` }] };
      },
    } as unknown as Client;
    const r = await record(client, periodOf(at('2017-12-04T12:00:00'), '1d'), undefined, 25);
    expect(r.events).toHaveLength(25);
    expect(r.matched).toBe(100);
    expect(asked.slice(1)).toEqual(['/collections/events/items?page=1', '/collections/events/items?page=2']);
    expect(nextPath({ links: [] })).toBeUndefined();
  });
});

describe('playback', () => {
  const setUp = (first: PlaybackWords = {}) => {
    const words = signal<PlaybackWords>(first);
    const playback = new Playback(computed(() => words.value), (parts) => {
      words.value = { ...words.value, ...parts };
    });
    const load = (): void => {
      const period = playback.period.value;
      if (period) playback.recording.value = { ...period, events: [], matched: 0 };
    };
    return { words, playback, load };
  };

  it('runs at its speed once it is loaded, and back to now at the end', () => {
    const { words, playback, load } = setUp({ at: at('2017-12-04T12:00:00'), speed: 60 });
    playback.advance(1000, Infinity);
    expect(playback.at.value).toBe(at('2017-12-04T12:00:00'));
    load();
    playback.advance(1000, Infinity);
    expect(playback.at.value).toBe(at('2017-12-04T12:01:00'));
    playback.pace(86_400);
    playback.advance(1000, at('2017-12-05T00:00:00'));
    expect(playback.at.value).toBeUndefined();
    expect(writePlayback(words.value)).toEqual([]);
  });

  it('stands still when it is told, and keeps its speed', () => {
    const { words, playback } = setUp({ at: at('2017-12-04T12:00:00'), speed: 600 });
    playback.play(false);
    expect(words.value.speed).toBeUndefined();
    playback.play(true);
    expect(words.value.speed).toBe(600);
  });

  it('follows an address that was changed elsewhere', () => {
    const { words, playback } = setUp();
    words.value = { at: at('2017-12-04T12:00:00'), speed: 60 };
    playback.follow();
    expect(playback.at.value).toBe(at('2017-12-04T12:00:00'));
    expect(playback.speed.value).toBe(60);
  });

  it('steps by a part of its period, and turns to the next', () => {
    const { playback } = setUp({ at: at('2017-12-04T12:00:00') });
    playback.step(1);
    expect(playback.at.value).toBe(at('2017-12-04T12:30:00'));
    playback.turn(1);
    expect(playback.at.value).toBe(at('2017-12-05T00:00:00'));
    playback.turn(-1);
    expect(playback.at.value).toBeLessThan(at('2017-12-05T00:00:00'));
  });
});
