// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { stage } from '../ui/testing';
import { Severity } from './severity';

const show = stage();

it('has the more bars the more severe it is', () => {
  const bars = [-1, 0, 1, 2, 3, 9].map((place) => show(<Severity place={place} title="x" />).querySelectorAll('.on').length);
  expect(bars).toEqual([1, 1, 2, 3, 4, 4]);
});
