import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client, TokenStore } from '../service/client';
import { download, exportPath, fileName, manifest, ShortError, UncountedError, type Download, type ExportRequest, type Progress } from './download';

const CSV = `\uFEFF编码\r\n${Array.from({ length: 500 }, (_, i) => `A${i}\r\n`).join('')}`;

/** A body in pieces of 100 bytes, which breaks off after some of them. */
function body(breaks: boolean): ReadableStream<Uint8Array> {
  const all = new TextEncoder().encode(CSV);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (breaks && at >= 300) controller.error(new TypeError('the connection was closed'));
      else if (at >= all.length) controller.close();
      else controller.enqueue(all.slice(at, (at += 100)));
    },
  });
}

/** A service whose layers answer as their names say. */
function answer(url: string): Response {
  const layer = /^\/export\/(\w+)\.csv/.exec(url)?.[1] ?? '';
  if (layer === 'wrong') return new Response(JSON.stringify({ detail: 'unknown field' }), { status: 400 });
  const count: Record<string, string> = layer === 'uncounted' ? {} : { 'Shapan-Count': layer === 'short' ? '501' : '500' };
  return new Response(body(layer === 'broken'), { headers: { ...count, 'Shapan-Seq': '77' } });
}

beforeEach(() => vi.stubGlobal('fetch', (url: string) => Promise.resolve(answer(url))));
afterEach(() => vi.unstubAllGlobals());

const client = new Client(new TokenStore(undefined, undefined), () => undefined);
const request = (layer: string): ExportRequest => ({ layer, format: 'csv', query: new URLSearchParams({ level: '3,4' }) });
const fetched = (layer: string, tell: (p: Progress) => void = () => undefined): Promise<Download> => download(client, request(layer), tell, new AbortController().signal);

describe('a download', () => {
  it('is counted and hashed as it comes', async () => {
    const told: number[] = [];
    const file = await fetched('events', (p) => told.push(p.count));
    expect(file).toMatchObject({ count: 500, promised: 500, seq: 77 });
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(CSV)));
    expect(file.sha256).toBe([...hash].map((b) => b.toString(16).padStart(2, '0')).join(''));
    expect(new Uint8Array(await file.blob.arrayBuffer())).toEqual(new TextEncoder().encode(CSV));
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBeGreaterThan(10);
  });

  it('that is short, broken, uncounted or refused gives no file', async () => {
    await expect(fetched('short')).rejects.toEqual(new ShortError(500, 501));
    await expect(fetched('uncounted')).rejects.toBeInstanceOf(UncountedError);
    await expect(fetched('broken')).rejects.toThrow('the connection was closed');
    await expect(fetched('wrong')).rejects.toThrow('unknown field');
  });

  it('has a manifest that says what it is of', async () => {
    const file = await fetched('events');
    const facts: unknown = JSON.parse(manifest(file, { file: fileName('events', 77, 'csv'), request: request('events'), title: '事件', words: '级别 3、4', view: 'http://x/#', made: new Date(0) }));
    expect(facts).toMatchObject({ file: 'events-77.csv', layer: 'events', filter: { level: ['3,4'] }, snapshot: 77, count: 500, sha256: file.sha256, made: '1970-01-01T00:00:00.000Z' });
  });
});

it('writes the address of an export', () => {
  expect(exportPath(request('events'))).toBe('/export/events.csv?level=3%2C4');
  expect(exportPath({ layer: '事件', format: 'geojson', query: new URLSearchParams() })).toBe('/export/%E4%BA%8B%E4%BB%B6.geojson');
});
