// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { happen, stage, write } from '../ui/testing';
import { ReasonDialog } from './reason';

const show = stage();

async function submit(host: HTMLElement): Promise<void> {
  await happen(() => void host.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })));
}

const dialog = (done: (reason: string) => void, draft = '') => show(<ReasonDialog lang="zh" title="为何?" hint="" usual draft={draft} busy={false} done={done} closed={() => undefined} />);

it('needs a reason, and says so at the field', async () => {
  const done = vi.fn();
  const host = dialog(done);
  await submit(host);
  expect(done).not.toHaveBeenCalled();
  expect(host.querySelector('[role=alert]')?.textContent).toBe('请选择或填写理由');
});

it('joins a usual reason and what was written', async () => {
  const done = vi.fn();
  const host = dialog(done);
  await happen(() => host.querySelector<HTMLInputElement>('input[value=r_knows]')?.click());
  await happen(() => {
    const field = host.querySelector<HTMLInputElement>('input[name=reason]');
    if (field) write(field, ' 住在隔壁 ');
  });
  await submit(host);
  expect(done).toHaveBeenCalledWith('熟悉此事或当事人; 住在隔壁');
});

it('still has what was written before', async () => {
  const done = vi.fn();
  await submit(dialog(done, '已写的理由'));
  expect(done).toHaveBeenCalledWith('已写的理由');
});
