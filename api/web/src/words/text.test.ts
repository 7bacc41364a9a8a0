import { expect, it } from 'vitest';
import { say } from './text';

it('fills the holes of a text and leaves unknown ones', () => {
  expect(say('zh', 'ofAll', { n: 12 })).toBe('共 12 件');
  expect(say('en', 'attempt', { n: 2 })).toBe('attempt 2');
  expect(say('en', 'attempt')).toBe('attempt {n}');
});
