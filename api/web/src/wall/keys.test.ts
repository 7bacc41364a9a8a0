// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Keys } from './keys';
import { begun, mapOf, styled } from './testing';

const key = (name: string, more: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key: name, cancelable: true, bubbles: true, ...more });

afterEach(() => document.body.replaceChildren());

describe('Keys', () => {
  it('give a key to whoever asked for it last, until he leaves', () => {
    const [keys, done] = [new Keys(), [] as string[]];
    keys.add({ a: () => done.push('wall'), b: () => done.push('wall b') });
    const leave = keys.add({ a: () => done.push('card') });
    for (const name of ['a', 'b']) keys.press(key(name));
    leave();
    keys.press(key('a'));
    expect(done).toEqual(['card', 'wall b', 'wall']);
  });

  it('take what they act on from the browser, and nothing else', () => {
    const keys = new Keys();
    keys.add({ a: () => undefined });
    const [mine, other] = [key('a'), key('b')];
    for (const e of [mine, other]) keys.press(e);
    expect([mine.defaultPrevented, other.defaultPrevented]).toEqual([true, false]);
  });

  const cases: [string, (act: (e: KeyboardEvent, on?: Element) => void) => void][] = [
    ['a browser’s own shortcut', (act) => act(key('a', { ctrlKey: true }))],
    ['a key that the map has used', (act) => { const e = key('a'); e.preventDefault(); act(e); }],
    ['what a person types', (act) => act(key('a'), document.createElement('input'))],
    ['Space on a button', (act) => act(key(' '), document.createElement('button'))],
    ['a key in a dialog', (act) => { document.body.innerHTML = '<dialog open></dialog>'; act(key('a')); }],
  ];
  it.each(cases)('leave alone %s', (_, cause) => {
    const [keys, action] = [new Keys(), vi.fn()];
    keys.add({ a: action, ' ': action });
    cause((e, on = document.createElement('div')) => {
      document.body.append(on);
      on.addEventListener('keydown', (seen) => keys.press(seen as KeyboardEvent));
      on.dispatchEvent(e);
    });
    expect(action).not.toHaveBeenCalled();
  });
});

describe('the keys of the wall', () => {
  it.each([
    ['0', { scope: '420106001005' }, { scope: undefined }],
    ['Home', { scope: '420106001005' }, { scope: undefined }],
    ['Escape', { scope: '420106001005' }, { scope: undefined }],
    ['Backspace', { incident: 7, scope: '420106001005' }, { incident: undefined, scope: '420106001005' }],
    ['1', {}, { layers: ['grids'] }],
    ['h', {}, { heat: false }],
    ['h', { heat: false, mode: 'rate' as const }, { heat: true, mode: undefined }],
    ['y', {}, { menu: true }],
    ['y', { menu: true }, { menu: undefined }],
    ['m', {}, { hide: ['all'] }],
    ['m', { hide: ['days', 'all'] }, { hide: ['days'] }],
    ['l', {}, { lang: 'en' }],
    ['s', {}, { sound: true }],
    ['t', {}, { tour: true }],
    ['b', {}, { tour: true }],
    ['t', { tour: true as const }, { tour: undefined }],
  ])('%s with %j', async (name, before, after) => {
    const { wall } = await begun();
    styled(wall, 'events', 'grids', 'heat');
    wall.address.change(before);
    wall.keys.press(key(name));
    expect(wall.address.state.value).toMatchObject(after);
  });

  it('turn and tilt the map', async () => {
    const { wall } = await begun();
    const map = mapOf(wall);
    for (const name of [',', '.', '/']) wall.keys.press(key(name));
    expect([map.turn.mock.calls, map.tilt.mock.calls.length]).toEqual([[[-15], [15]], 1]);
  });

  it('begin and end the past, and step through it', async () => {
    const { wall } = await begun();
    wall.facts.figures.value.value = { total: 1, open: [], days: [], closedOfDays: 0, newest: Date.parse('2017-12-01T15:00:00+08:00') };
    wall.keys.press(key('r'));
    expect(location.hash).toBe('#at=2017-12-01T00:00:00&speed=3600');
    wall.keys.press(key('ArrowRight'));
    expect(location.hash).toBe('#at=2017-12-01T00:30:00&speed=3600');
    wall.keys.press(key(' '));
    expect(location.hash).toBe('#at=2017-12-01T00:30:00');
    wall.keys.press(key('r'));
    expect(location.hash).toBe('');
  });

  it('are heard in the window, and count as a touch', async () => {
    const { wall } = await begun();
    document.body.dispatchEvent(key('l'));
    expect([wall.lang.value, wall.touched.value]).toEqual(['en', 1]);
  });

  it('show themselves', async () => {
    const { wall } = await begun();
    wall.keys.press(key('?'));
    expect(wall.drives.sheet.value).toBe(true);
  });
});
