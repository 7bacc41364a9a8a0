import { expect, it } from 'vitest';
import { commandOf, KEYS } from './keys';

const press = (key: string, more: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

it('knows its keys, small and large', () => {
  expect(['ArrowDown', 's', 'S', 'u', 'N', '/', 'Escape', '?', '3'].map((k) => commandOf(press(k), false))).toEqual(['down', 'send', 'send', 'undo', 'new', 'search', 'back', 'help', 'pick3']);
  expect(commandOf(press('0'), false)).toBeUndefined();
});

it('leaves typing and the browser alone', () => {
  expect(commandOf(press('s'), true)).toBeUndefined();
  expect(commandOf(press('Escape'), true)).toBe('back');
  expect(commandOf(press('s', { ctrlKey: true }), false)).toBeUndefined();
});

it('lists every command', () => {
  expect(new Set(KEYS.map((k) => k.word)).size).toBe(KEYS.length);
});
