// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import { HelpDialog } from './help';
import { KEYS } from './keys';

const show = stage();

it('lists every key', () => {
  const closed = vi.fn();
  const host = show(<HelpDialog lang="zh" closed={closed} />);
  expect(host.querySelectorAll('dt')).toHaveLength(KEYS.length);
  host.querySelector<HTMLElement>('.primary')?.click();
  expect(closed).toHaveBeenCalled();
});
