import { describe, expect, it } from 'vitest';
import { SseParser, type SseMessage } from './sse';

const stream =
  '\uFEFF: a comment\r\nid: 7\r\nevent: changes\r\ndata: {"seq":7,\r\ndata: "at":"now"}\r\n\r\n' +
  'event: heartbeat\ndata:{"seq":8}\n\n' +
  'data\n\n' +
  'event: nothing\n\n' +
  'id: 9\rdata: 长江\r\r' +
  'data: never finished';

const whole: SseMessage[] = [
  { event: 'changes', data: '{"seq":7,\n"at":"now"}', id: '7' },
  { event: 'heartbeat', data: '{"seq":8}', id: '7' },
  { event: 'message', data: '', id: '7' },
  { event: 'message', data: '长江', id: '9' },
];

describe('SseParser', () => {
  it('reads CRLF, LF and CR lines, comments, several data lines and sticky ids', () => {
    expect(new SseParser().push(stream)).toEqual(whole);
  });

  it('gives the same messages wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const parser = new SseParser();
      const got = [...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))];
      expect(got, `cut at ${cut}`).toEqual(whole);
    }
  });

  it('gives the same messages one character at a time', () => {
    const parser = new SseParser();
    expect([...stream].flatMap((c) => parser.push(c))).toEqual(whole);
  });

  it('ignores an id that holds a NUL, and unknown fields', () => {
    const parser = new SseParser();
    expect(parser.push('id: 1\nid: 2\0\nretry: 5\ncolour: blue\ndata: x\n\n')).toEqual([{ event: 'message', data: 'x', id: '1' }]);
  });

  it('keeps a space after the first one', () => {
    expect(new SseParser().push('data:  two\n\n')[0]?.data).toBe(' two');
  });
});
