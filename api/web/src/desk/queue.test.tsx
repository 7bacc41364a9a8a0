// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import { Queue, stepQueue, type QueueProps } from './queue';
import { anEvent, NOW } from './sample.testing';

const show = stage();

const props = (more: Partial<QueueProps> = {}): QueueProps => ({
  lang: 'zh', events: [anEvent(1), anEvent(2, { deadline: NOW - 1 }), anEvent(3)], chosen: undefined, now: NOW, calendar: undefined, severities: ['low', 'high'],
  title: (_, value) => `<${value}>`, where: () => '新河社区', held: () => [], open: () => undefined, ...more,
});

it('says of each event what it is, how severe, and how much time is left', () => {
  const rows = [...show(<Queue {...props({ held: (e) => (e.id === 1 ? ['网格长 7'] : []) })} />).querySelectorAll('.queue-row')];
  expect(rows.map((r) => r.querySelector('.queue-due')?.textContent)).toEqual(['余 3 小时', '超 0 分', '余 3 小时']);
  expect(rows.map((r) => r.querySelector('.light')?.getAttribute('aria-label'))).toEqual(['时间充裕', '已超时', '时间充裕']);
  expect(rows[0]?.textContent).toContain('<high>');
  expect(rows[0]?.querySelector('.queue-held')?.textContent).toContain('网格长 7');
});

it('has one row that Tab reaches: the one that is looked at, else the first', () => {
  const reached = (host: HTMLElement): (string | null)[] => [...host.querySelectorAll<HTMLElement>('.queue-row')].filter((r) => r.tabIndex === 0).map((r) => r.getAttribute('data-event'));
  expect(reached(show(<Queue {...props()} />))).toEqual(['1']);
  expect(reached(show(<Queue {...props({ chosen: 3 })} />))).toEqual(['3']);
  expect(reached(show(<Queue {...props({ chosen: 99 })} />))).toEqual(['1']);
});

it('goes up and down, and not beyond its ends', () => {
  const host = show(<Queue {...props()} />);
  const at = (by: number): string | null => {
    stepQueue(host, by);
    return document.activeElement?.getAttribute('data-event') ?? null;
  };
  expect([at(1), at(1), at(1), at(1), at(-1)]).toEqual(['1', '2', '3', '3', '2']);
});

it('opens what is clicked, and says when nothing fits', () => {
  const open = vi.fn();
  show(<Queue {...props({ open })} />).querySelector<HTMLElement>('[data-event="2"]')?.click();
  expect(open).toHaveBeenCalledWith(2);
  expect(show(<Queue {...props({ events: [] })} />).textContent).toContain('没有符合条件');
});
