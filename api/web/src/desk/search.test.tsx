// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { happen, press, stage, write } from '../ui/testing';
import type { Found } from './found';
import { Search } from './search';

const show = stage();
const found = (id: number): Found => ({ layer: 'grids', layerTitle: '网格', id, title: `网格 ${id}`, subtitle: '', code: '', stage: '', at: [114.3, 30.5] });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function typed(ask: Parameters<typeof Search>[0]['ask'], choose: (f: Found) => void) {
  const host = show(<Search lang="zh" ask={ask} choose={choose} />);
  const input = host.querySelector('input');
  if (!input) throw new Error('no box');
  await happen(() => write(input, 'sql'));
  await happen(async () => void (await vi.advanceTimersByTimeAsync(200)));
  return { host, input };
}

it('shows what is found, and arrows and Enter choose', async () => {
  const choose = vi.fn();
  const { host, input } = await typed(() => Promise.resolve({ found: [found(1), found(2)], total: 9 }), choose);
  expect(host.querySelectorAll('[role=option]')).toHaveLength(2);
  expect(host.textContent).toContain('找到 9 项, 前 2 项');
  await happen(() => void press(input, 'ArrowDown'));
  expect(input.getAttribute('aria-activedescendant')).toBe('found-1');
  await happen(() => void press(input, 'Enter'));
  expect(choose).toHaveBeenCalledWith(found(2));
  expect(input.value).toBe('');
});

it('says when there is nothing, and when it could not be asked', async () => {
  expect((await typed(() => Promise.resolve({ found: [], total: 0 }), vi.fn())).host.textContent).toContain('没有找到');
  const { host, input } = await typed(() => Promise.reject(new TypeError('away')), vi.fn());
  await happen(() => write(input, 'sq'));
  await happen(async () => void (await vi.advanceTimersByTimeAsync(200)));
  expect(host.textContent).toContain('搜索没有完成');
});
