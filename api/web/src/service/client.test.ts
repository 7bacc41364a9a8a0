import { afterEach, describe, expect, it, vi } from 'vitest';
import { Client, MissingError, RefusedError, TokenStore } from './client';

/** A Storage without a browser. */
function memory(): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    clear: () => kept.clear(),
    getItem: (k) => kept.get(k) ?? null,
    key: () => null,
    removeItem: (k) => void kept.delete(k),
    setItem: (k, v) => void kept.set(k, v),
  };
}

const answer = (status: number, body = '{}'): void => {
  vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response(body, { status }))));
};

afterEach(() => vi.unstubAllGlobals());

describe('TokenStore', () => {
  it('keeps a token in both stores and takes it out of both', () => {
    const [tab, browser] = [memory(), memory()];
    new TokenStore(tab, browser).set('t1');
    expect(new TokenStore(tab, undefined).token).toBe('t1');
    expect(new TokenStore(memory(), browser).token).toBe('t1');
    new TokenStore(tab, browser).set(undefined);
    expect(new TokenStore(tab, browser).token).toBeUndefined();
  });

  it('works without stores', () => {
    const tokens = new TokenStore(undefined, undefined);
    tokens.set('t');
    expect(tokens.token).toBe('t');
  });
});

describe('Client', () => {
  it('sends the token in a header, and only there', async () => {
    answer(200, '{"a":1}');
    const tokens = new TokenStore(undefined, undefined);
    const client = new Client(tokens, () => undefined);
    expect(client.headers()).toEqual({});
    tokens.set('secret');
    expect(await client.json('/collections')).toEqual({ a: 1 });
    const [path, init] = vi.mocked(fetch).mock.calls[0] ?? [];
    expect(path).toBe('/collections');
    expect(init?.headers).toEqual({ Authorization: 'Bearer secret' });
    expect(init?.credentials).toBe('omit');
  });

  it('tells refused, missing and broken apart', async () => {
    const client = new Client(new TokenStore(undefined, undefined), () => undefined);
    answer(403);
    await expect(client.get('/x')).rejects.toBeInstanceOf(RefusedError);
    answer(404);
    await expect(client.get('/x')).rejects.toBeInstanceOf(MissingError);
    answer(503);
    await expect(client.get('/x')).rejects.toThrow('status 503');
  });

  it('reports a refused token once it is the one in use, and never without a token', async () => {
    const refused = vi.fn();
    const tokens = new TokenStore(undefined, undefined);
    const client = new Client(tokens, refused);
    answer(401);
    await expect(client.get('/x')).rejects.toBeInstanceOf(RefusedError);
    expect(refused).not.toHaveBeenCalled();
    tokens.set('old');
    const late = client.get('/x');
    tokens.set('new');
    await expect(late).rejects.toBeInstanceOf(RefusedError);
    expect(refused).not.toHaveBeenCalled();
    await expect(client.get('/x')).rejects.toBeInstanceOf(RefusedError);
    expect(refused).toHaveBeenCalledTimes(1);
  });
});
