// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { ProblemError } from '../service/client';
import { happen, stage, write } from '../ui/testing';
import { EntryForm, type EntryFormProps } from './entryform';
import { anEvent } from './sample.testing';
import { readPlaceCard } from './place';

const show = stage();

const props = (more: Partial<EntryFormProps> = {}): EntryFormProps => ({
  calendar: undefined, now: Date.parse('2026-11-27T02:30:00Z'),
  lang: 'zh', at: [114.308, 30.5674], facility: (c) => c, locate: () => Promise.resolve(readPlaceCard({ grid: { code: 'g', name: '金地花园003网格' } })),
  choices: { category: [{ value: 'debris', title: '暴露垃圾' }], domain: [{ value: 'urban', title: '城市管理' }], severity: [{ value: 'low', title: '一般' }, { value: 'high', title: '严重' }], source: [] },
  domainOf: () => Promise.resolve('urban'), similar: () => Promise.resolve([]), save: () => Promise.resolve(7), saved: () => undefined, openEvent: () => undefined, cancel: () => undefined, ...more,
});

async function fill(host: HTMLElement): Promise<void> {
  await happen(() => {
    const [title, category] = [host.querySelector<HTMLInputElement>('#entry-title-field'), host.querySelector<HTMLSelectElement>('#entry-category-field')];
    if (title && category) {
      write(title, '垃圾成堆');
      write(category, 'debris');
    }
  });
}

const submit = (host: HTMLElement) => happen(() => void host.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })));

it('says at each field what is missing', async () => {
  const host = show(<EntryForm {...props({ at: undefined })} />);
  await submit(host);
  expect([...host.querySelectorAll('.fault')].map((f) => f.textContent)).toEqual(['请先在地图上点选位置', '请填写标题: 一句话说明是什么事', '请选择类别', '请选择领域']);
  expect(host.querySelector('#entry-title-field')?.getAttribute('aria-describedby')).toBe('entry-title-fault');
});

it('fills in the grid, the domain and the deadline, and writes the event', async () => {
  const save = vi.fn(() => Promise.resolve(7));
  const saved = vi.fn();
  const host = show(<EntryForm {...props({ save, saved })} />);
  await fill(host);
  expect(host.textContent).toContain('金地花园003网格');
  expect(host.querySelector<HTMLSelectElement>('#entry-domain-field')?.value).toBe('urban');
  await submit(host);
  expect(save.mock.calls[0]?.[0 as never]).toEqual({
    type: 'Feature', geometry: { type: 'Point', coordinates: [114.308, 30.5674] }, properties: { title: '垃圾成堆', category: 'debris', domain: 'urban', level: 2, severity: 'low', deadline_at: '2026-11-29T02:30:00.000Z', stage: 'reported' },
  });
  expect(saved).toHaveBeenCalledWith(7);
});

it('shows similar events near by', async () => {
  const openEvent = vi.fn();
  const host = show(<EntryForm {...props({ openEvent, similar: () => Promise.resolve([{ ...anEvent(3), metres: 12.4 }]) })} />);
  await fill(host);
  expect(host.querySelector('.similar')?.textContent).toContain('事件 3 · 12 米 同类');
  host.querySelector<HTMLElement>('.similar button')?.click();
  expect(openEvent).toHaveBeenCalledWith(3);
});

it('says what the service did not accept, at its field', async () => {
  const host = show(<EntryForm {...props({ save: () => Promise.reject(new ProblemError(422, 'field title is too long', 'title')) })} />);
  await fill(host);
  await submit(host);
  expect(host.querySelector('#entry-title-fault')?.textContent).toContain('field title is too long');
});
