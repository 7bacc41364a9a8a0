// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import { NoticeBar } from './noticebar';
import { NOW } from './sample.testing';

const show = stage();
const undo = { responder: 58, post: '网格长 1', until: NOW + 5000 };

it('offers the way back while there is one', () => {
  const back = vi.fn();
  const bar = (now: number) => show(<NoticeBar lang="zh" notice={{ kind: 'good', text: '已派遣', undo }} now={now} undo={back} dismiss={() => undefined} />);
  const button = bar(NOW).querySelector<HTMLElement>('.undo');
  expect(button?.textContent).toContain('撤回 (5)');
  button?.click();
  expect(back).toHaveBeenCalledOnce();
  expect(bar(NOW + 5000).querySelector('.undo')).toBeNull();
});

it('is there before there is anything to tell, and tells what the service says', () => {
  expect(show(<NoticeBar lang="zh" notice={undefined} now={NOW} undo={() => undefined} dismiss={() => undefined} />).querySelector('[role=status]')).not.toBeNull();
  expect(show(<NoticeBar lang="zh" notice={{ kind: 'bad', text: '没有完成', detail: 'no' }} now={NOW} undo={() => undefined} dismiss={() => undefined} />).textContent).toContain('服务说明: no');
});
