// Reading server-sent events through fetch, so that the token goes in a header.

import type { Client } from './client';
import { STALE_AFTER_MS } from './health';
import { SseParser, type SseMessage } from './sse';

/** Connects once and tells every message until the connection ends, is aborted or falls silent. Fails where it cannot connect. */
export async function listen(client: Client, path: string, lastId: string, control: AbortController, tell: (message: SseMessage) => void): Promise<void> {
  let silence = setTimeout(() => control.abort(), STALE_AFTER_MS);
  try {
    const headers: Record<string, string> = { Accept: 'text/event-stream', ...(lastId === '' ? {} : { 'Last-Event-ID': lastId }) };
    const response = await client.get(path, { headers, cache: 'no-store', signal: control.signal });
    if (!response.body) throw new Error('the stream has no body');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(() => control.abort(), STALE_AFTER_MS);
      for (const message of parser.push(value)) tell(message);
    }
  } finally {
    clearTimeout(silence);
    control.abort();
  }
}
