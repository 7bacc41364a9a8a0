// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { stage } from '../ui/testing';
import { CostBar, CostTerms } from './cost';
import { TERMS } from './ranking';
import { aRanking } from './sample.testing';

const show = stage();
const second = () => {
  const c = aRanking().lists[0]?.candidates[1];
  if (!c) throw new Error('no candidate');
  return c;
};

it('has pieces as long as their minutes', () => {
  const widths = [...show(<CostBar lang="zh" candidate={second()} most={8} />).querySelectorAll('rect')].map((r) => Number(r.getAttribute('width')));
  expect(widths).toEqual([25, 12.5, 0, 0, 12.5, 0]);
});

it('names every term and their sum', () => {
  const values = [...show(<CostTerms lang="zh" candidate={second()} />).querySelectorAll('dd')].map((d) => d.textContent);
  expect(values).toHaveLength(TERMS.length + 1);
  expect(values.at(-1)).toBe('4.0');
});
