// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { stage } from '../ui/testing';
import { Gate } from './gate';

const show = stage();
const gate = (known: boolean, seen: boolean | undefined, may: boolean) => show(<Gate lang="zh" known={known} seen={seen} may={may} ask={() => undefined} />);

it('says what is missing, and nothing where nothing is', () => {
  expect(gate(false, false, false).textContent).toContain('需要令牌');
  expect(gate(true, false, false).textContent).toContain('看不到');
  expect(gate(true, true, false).textContent).toContain('只能查看');
  expect(gate(true, true, false).querySelector('button')).toBeNull();
  expect(gate(true, true, true).textContent).toBe('');
  expect(gate(true, undefined, false).textContent).toBe('');
});
