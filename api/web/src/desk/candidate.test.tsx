// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { stage } from '../ui/testing';
import { CandidateRow } from './candidate';
import { aRanking } from './sample.testing';

const show = stage();

it('says minutes with their range, and is chosen by a click', () => {
  const candidate = aRanking().lists[0]?.candidates[0];
  if (!candidate) throw new Error('no candidate');
  const choose = vi.fn();
  const host = show(<ul><CandidateRow lang="en" candidate={candidate} chosen={false} most={5} busy={false} choose={choose} /></ul>);
  expect(host.querySelector('.eta')?.textContent).toBe('2.0 min 0.5–4.2 min');
  host.querySelector<HTMLElement>('.candidate-head')?.click();
  expect(choose).toHaveBeenCalledOnce();
  expect(host.querySelector('.candidate-more')).toBeNull();
});
