import { expect, it } from 'vitest';
import { stateText } from './head';

const now = Date.parse('2017-12-01T14:05:42+08:00');

it('always tells the age of the data', () => {
  expect(stateText({ kind: 'live', age: 900 }, now, 'zh')).toBe('数据 刚刚');
  expect(stateText({ kind: 'live', age: 4200 }, now, 'en')).toBe('data 4 s ago');
  expect(stateText({ kind: 'reconnecting', age: 9000, failures: 0 }, now, 'zh')).toBe('第 1 次 · 数据 9 秒前');
  expect(stateText({ kind: 'reconnecting', age: 9000, failures: 3 }, now, 'en')).toBe('attempt 3 · data 9 s ago');
});

it('says since when the data is stale, as a time of the clock', () => {
  expect(stateText({ kind: 'stale', age: 30_000, since: 0 }, now, 'zh')).toBe('自 14:05:12 起 (30 秒)');
  expect(stateText({ kind: 'stale', age: 3_600_000, since: 0 }, now, 'en')).toBe('since 13:05:42 (1 h)');
});
