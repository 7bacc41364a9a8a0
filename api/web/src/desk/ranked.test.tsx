// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import { Ranked, type RankedProps } from './ranked';
import { aRanking } from './sample.testing';

const show = stage();

function props(more: Partial<RankedProps> = {}): RankedProps {
  const ranking = aRanking();
  const list = ranking.lists[0];
  if (!list) throw new Error('no list');
  return {
    lang: 'zh', ranking, list, candidates: list.candidates, chosen: 58, busy: false, may: true, choose: () => undefined, send: () => undefined, role: () => undefined, more: () => undefined, ...more,
  };
}

it('says who should go, why, why not the nearest, who cannot, and who is told', () => {
  const text = show(<Ranked {...props()} />).textContent ?? '';
  for (const part of ['推荐 网格长 1', '理由 1', '最近的是 网格长 9', '网格长 9 请假', '3 分钟后 → 片长 片长 1', '均衡', '虚线为直线估算']) expect(text).toContain(part);
});

it('shows everything of the one that is chosen, and how each arrives', () => {
  const host = show(<Ranked {...props({ chosen: 59 })} />);
  expect(host.querySelectorAll('.candidate-more')).toHaveLength(1);
  expect(host.querySelector('.candidate.chosen .rank')?.textContent).toBe('2');
  expect([...host.querySelectorAll('.way')].map((w) => w.textContent)).toEqual(['100 米 · 沿路', '200 米 · 沿路', '300 米 · 估算(非路线)']);
});

it('sends the one that is chosen, and nobody where the caller may not', () => {
  const send = vi.fn();
  show(<Ranked {...props({ send })} />).querySelector<HTMLElement>('.send')?.click();
  expect(send.mock.calls[0]?.[0]).toMatchObject({ id: 58 });
  expect(show(<Ranked {...props({ may: false })} />).querySelector('.send')).toBeNull();
});
