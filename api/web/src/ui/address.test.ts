// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import { Address, fragment, takeToken, type Codec } from './address';

interface State {
  level?: number;
  scope?: string;
}

const codec: Codec<State> = {
  read: (words) => ({
    ...(words.has('level') ? { level: Number(words.get('level')) } : {}),
    ...(words.has('scope') ? { scope: words.get('scope') ?? '' } : {}),
  }),
  write: (s) => new URLSearchParams(Object.entries(s).map(([k, v]) => [k, String(v)])),
};

afterEach(() => {
  history.replaceState(null, '', '/ui/desk');
});

describe('an address', () => {
  it('says what the state is, and the state what it says', () => {
    location.hash = '#level=3';
    const address = new Address(codec);
    expect(address.state.value).toEqual({ level: 3 });
    address.change({ scope: '420106001' });
    expect(location.hash).toBe('#level=3&scope=420106001');
    history.replaceState(null, '', '#level=5');
    window.dispatchEvent(new Event('hashchange'));
    expect(address.state.value).toEqual({ level: 5 });
    address.close();
  });

  it('keeps no token', () => {
    history.replaceState(null, '', '/ui/desk#token=shapan_x&level=2');
    expect(takeToken()).toBe('shapan_x');
    expect(location.href).not.toContain('shapan_x');
    expect(location.hash).toBe('#level=2');
    expect(takeToken()).toBeUndefined();
  });

  it('can be read by people', () => {
    expect(fragment(new URLSearchParams({ layers: 'a,b', view: '15/30.5/114.3' }))).toBe('#layers=a,b&view=15/30.5/114.3');
    expect(fragment(new URLSearchParams())).toBe('');
  });
});
