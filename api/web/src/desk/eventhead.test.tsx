// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { stage } from '../ui/testing';
import { EventHead } from './eventhead';
import { anEvent, NOW } from './sample.testing';

const show = stage();

it('says what the event is and how much time is left', () => {
  const text = show(<EventHead lang="zh" event={anEvent(1)} now={NOW} calendar={undefined} severities={['low', 'high']} title={(_, v) => v} />).textContent ?? '';
  for (const part of ['事件 1', 'high', '3 级', 'reported', '余 3 小时', '时限 2026-11-27 13:00', '编码 C1']) expect(text).toContain(part);
});
