// @vitest-environment happy-dom
import { render, type ComponentChild } from 'preact';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Crumbs } from './crumbs';
import { DutyStrip } from './duty-strip';
import { Notices } from './notices';
import { Takeover } from './takeover';
import { eventOf, wallOf } from './testing';

let host: HTMLElement;
const show = (node: ComponentChild): void => render(node, host);
const press = (key: string) => new KeyboardEvent('keydown', { key, cancelable: true });
/** Preact draws what a signal changed a moment later. */
const until = (check: () => void) => vi.waitFor(check);

beforeEach(() => (host = document.body.appendChild(document.createElement('div'))));
afterEach(() => {
  render(null, host);
  host.remove();
});

describe('Crumbs', () => {
  it('leads from the subdistrict down to the scope and back', async () => {
    const wall = wallOf();
    show(<Crumbs wall={wall} />);
    wall.visit('420106001005001');
    await until(() => expect([...host.querySelectorAll('li')].map((e) => e.textContent)).toEqual(['积玉桥街道', '四清里社区', '四清里片区一', '四清里001网格']));
    host.querySelector<HTMLButtonElement>('.crumb-back')?.click();
    await until(() => expect(host.querySelector('[aria-current]')?.textContent).toBe('四清里片区一'));
    expect(wall.address.state.value.scope).toBe('42010600100501');
  });
});

describe('Takeover', () => {
  it('shows one event of the highest level after the other, each until it is seen', async () => {
    const wall = wallOf();
    show(<Takeover wall={wall} />);
    wall.alarms.add([eventOf(1, { level: 5 }), eventOf(2, { level: 4 }), eventOf(3, { level: 5 })], 0);
    await until(() => expect(host.querySelector('h2')?.textContent).toBe('事件 1'));
    expect(host.textContent).toContain('另有 1 件等待');
    await until(() => {
      wall.keys.press(press('Enter'));
      expect(host.querySelector('h2')?.textContent).toBe('事件 3');
    });
    await until(() => {
      wall.keys.press(press('Escape'));
      expect(host.querySelector('.takeover')).toBeNull();
    });
  });
});

describe('Notices', () => {
  it('announces level 4, and trouble before it', async () => {
    const wall = wallOf();
    show(<Notices wall={wall} />);
    wall.alarms.add([eventOf(1, { level: 4 })], 0);
    wall.connection.trouble.value = '数据库无法连接';
    await until(() => expect([...host.querySelectorAll('[role=alert]')].map((e) => e.className)).toEqual(['trouble', 'notice alarm']));
    expect(host.textContent).toContain('事件 1');
  });
});

describe('DutyStrip', () => {
  it('names the zones that nobody covers, and goes there', async () => {
    const wall = wallOf();
    wall.facts.duty.responders.value = new Map();
    show(<DutyStrip wall={wall} foot={[{ x: 0, width: 90 }]} />);
    await until(() => expect(host.querySelector('.duty-zone.hole')?.getAttribute('aria-label')).toContain('四清里片区一: 无人'));
    expect(host.textContent).toContain('1 处空缺');
    host.querySelector<HTMLButtonElement>('.duty-zone')?.click();
    expect(wall.address.state.value.scope).toBe('42010600100501');
  });
});
