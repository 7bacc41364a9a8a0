// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { stage } from '../ui/testing';
import { DeadlineLight } from './light';

const show = stage();

it('has a shape and a name of its own for each state', () => {
  const seen = (['green', 'yellow', 'orange', 'red', 'none'] as const).map((light) => {
    const host = show(<DeadlineLight light={light} lang="en" />);
    return [host.querySelector('path')?.getAttribute('d'), host.querySelector('svg')?.getAttribute('aria-label')];
  });
  expect(new Set(seen.map(([d]) => d)).size).toBe(5);
  expect(new Set(seen.map(([, name]) => name)).size).toBe(5);
});
