// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import type { Assignment } from './assignments';
import { DispatchLog, Held } from './held';
import { NOW } from './sample.testing';

const show = stage();
const assigned: Assignment = { responder: 58, code: 'W1', status: 'assigned', event: 1, by: 'anna', reason: '', rank: 1, told: 0, escalateAt: NOW + 120_000, since: NOW - 60_000 };

const held = (a: Assignment, may = true, move = vi.fn()) =>
  show(<Held lang="zh" held={[a]} now={NOW} busy={false} may={may} arrives post={() => '网格长 1'} move={move} />);

it('says who, how far, by whom, and when it escalates', () => {
  const text = held(assigned).textContent ?? '';
  for (const part of ['网格长 1', '已派, 等签收', 'anna 经办', '1 分钟前', '2 分钟 内未签收则升级']) expect(text).toContain(part);
  expect(held({ ...assigned, escalateAt: NOW - 1, told: 2 }).textContent).toContain('超时未签收 · 已升级 2 步');
});

it('offers what the state allows, to who may', () => {
  const move = vi.fn();
  held(assigned, true, move).querySelector<HTMLElement>('[data-move=acknowledge]')?.click();
  expect(move).toHaveBeenCalledWith('acknowledge', assigned);
  expect(held(assigned, false).querySelector('button')).toBeNull();
});

it('lists the steps with their reasons', () => {
  const text = show(<DispatchLog lang="zh" steps={[{ id: 1, at: NOW, action: 'assigned', code: 'W1', by: 'anna', reason: '熟悉', override: true }]} post={() => '网格长 1'} action={() => '派遣'} />).textContent ?? '';
  for (const part of ['11-27 10:00:00', '派遣 网格长 1', 'anna', '改派', '熟悉']) expect(text).toContain(part);
});
