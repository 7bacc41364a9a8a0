// Server-sent events as text/event-stream, read piece by piece: the parser knows nothing of the network.

/** One dispatched event. `id` is the last id that the stream has named so far, "" before the first. */
export interface SseMessage {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/**
 * SseParser turns decoded text into messages. Pieces may be cut anywhere, even between CR and LF; what is not
 * finished stays until the next call. Comments and unknown fields are skipped, as the HTML standard says.
 */
export class SseParser {
  #rest = '';
  #started = false;
  #skipLineFeed = false;
  #event = '';
  #data: string[] = [];
  #id = '';

  /** Takes the next piece of the stream and returns the messages that it completed, in order. */
  push(piece: string): SseMessage[] {
    const out: SseMessage[] = [];
    let text = piece;
    if (text === '') return out;
    if (!this.#started) {
      this.#started = true;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    if (this.#skipLineFeed) {
      if (text.startsWith('\n')) text = text.slice(1);
      this.#skipLineFeed = text === '';
    }
    text = this.#rest + text;
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const c = text[at];
      if (c !== '\n' && c !== '\r') continue;
      this.#line(text.slice(from, at), out);
      if (c === '\r') {
        if (at + 1 === text.length) this.#skipLineFeed = true;
        else if (text[at + 1] === '\n') at++;
      }
      from = at + 1;
    }
    this.#rest = text.slice(from);
    return out;
  }

  #line(line: string, out: SseMessage[]): void {
    if (line === '') {
      if (this.#data.length > 0) {
        out.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
      }
      this.#event = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest;
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  }
}
