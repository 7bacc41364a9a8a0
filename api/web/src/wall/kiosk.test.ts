import { describe, expect, it } from 'vitest';
import { mayReload, nextTries, readKiosk, reasonOf, sameBuild, writeKiosk, type Signs, type Tries } from './kiosk';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (text: string): number => Date.parse(`${text}+08:00`);

const well: Signs = { now: at('2026-11-27T12:00:00'), age: 30 * HOUR, idle: HOUR, silent: 0, still: 0, lost: 0, outdated: false, quiet: true, daily: false };

describe('a wall left alone', () => {
  it('stays as it is while all is well', () => {
    expect(reasonOf(well)).toBeUndefined();
    expect(reasonOf({ ...well, daily: true })).toBeUndefined();
  });

  it('takes a new build at a quiet moment', () => {
    expect(reasonOf({ ...well, outdated: true })).toBe('outdated');
    expect(reasonOf({ ...well, outdated: true, quiet: false })).toBeUndefined();
    expect(reasonOf({ ...well, outdated: true, idle: 1000 })).toBeUndefined();
  });

  it('starts anew when it is dead, quiet or not', () => {
    const busy = { ...well, quiet: false };
    expect(reasonOf({ ...busy, still: 3 * MINUTE })).toBe('still');
    expect(reasonOf({ ...busy, lost: 3 * MINUTE })).toBe('lost');
    expect(reasonOf({ ...busy, silent: 11 * MINUTE })).toBe('silent');
  });

  it('starts anew in the night of China where it is asked to', () => {
    const night = { ...well, now: at('2026-11-27T03:30:00'), daily: true };
    expect(reasonOf(night)).toBe('night');
    expect(reasonOf({ ...night, age: HOUR })).toBeUndefined();
    expect(reasonOf({ ...night, daily: false })).toBeUndefined();
    expect(reasonOf({ ...night, now: at('2026-11-27T05:00:00') })).toBeUndefined();
  });

  it('never loops: ten hours of a broken build are few reloads', () => {
    let tries: Tries = { count: 0, at: 0 };
    let reloads = 0;
    for (let now = at('2026-11-27T00:00:00'); now < at('2026-11-27T10:00:00'); now += 5000) {
      if (!mayReload(tries, now)) continue;
      tries = nextTries(tries, now);
      reloads++;
    }
    expect(reloads).toBeLessThan(18);
    expect(nextTries({ count: 9, at: 0 }, 3 * HOUR).count).toBe(1);
  });

  it('knows its own build by the names of its files', () => {
    const html = '<script type="module" src="/ui/assets/wall-Ab12.js"></script>';
    expect(sameBuild(html, ['http://127.0.0.1:8080/ui/assets/wall-Ab12.js'])).toBe(true);
    expect(sameBuild(html, ['http://127.0.0.1:8080/ui/assets/wall-Cd34.js'])).toBe(false);
  });

  it('says in its address what it is', () => {
    const words = readKiosk(new URLSearchParams('kiosk=1&name=大厅&reload=daily'));
    expect(words).toEqual({ kiosk: true, name: '大厅', reload: 'daily' });
    expect(readKiosk(new URLSearchParams(writeKiosk(words)))).toEqual(words);
    expect(readKiosk(new URLSearchParams('kiosk=yes&name=../x&reload=always'))).toEqual({});
  });
});
