// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { stage, write } from '../ui/testing';
import { Filters } from './filters';

const show = stage();
const severities = [{ value: 'low', title: '一般' }, { value: 'high', title: '严重' }];
const areas = [{ value: '420106001020', title: '新河社区' }];

it('turns severities on and off; all of them is no filter', () => {
  const change = vi.fn();
  const make = (severity: readonly string[] | undefined) => show(<Filters lang="zh" severities={severities} areas={areas} severity={severity} group="all" area={undefined} change={change} />);
  const chip = (host: HTMLElement, title: string) => [...host.querySelectorAll<HTMLElement>('.chip')].find((c) => c.textContent === title);
  chip(make(undefined), '严重')?.click();
  chip(make(['high']), '严重')?.click();
  chip(make(['high']), '一般')?.click();
  expect(change.mock.calls).toEqual([[{ severity: ['high'] }], [{ severity: undefined }], [{ severity: undefined }]]);
  expect(chip(make(['high']), '严重')?.getAttribute('aria-pressed')).toBe('true');
});

it('chooses a group and a community', () => {
  const change = vi.fn();
  const host = show(<Filters lang="en" severities={severities} areas={areas} severity={undefined} group="sent" area={undefined} change={change} />);
  [...host.querySelectorAll<HTMLElement>('.chip')].find((c) => c.textContent === 'Nobody sent')?.click();
  const select = host.querySelector('select');
  if (select) write(select, '420106001020');
  expect(change.mock.calls).toEqual([[{ group: 'waiting' }], [{ area: '420106001020' }]]);
});
