// @vitest-environment happy-dom
import { signal } from '@preact/signals';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STALE_AFTER_MS, type Health } from '../service/health';
import type { Lang } from '../words/format';
import { Address, type Codec } from './address';
import { Connection } from './connection';
import { healthText, Masthead, type MastheadProps } from './masthead';
import { Shell, themeOf, type CommonState } from './shell';
import { away, happen, later, problem, Service, stage, submit, write } from './testing';
import { readTheme, usualTheme, wear, type Theme } from './theme';
import { TokenDialog } from './token';

declare const setImmediate: (then: () => void) => void; // of Node, which runs the tests

const show = stage();

/** What the system prefers. */
const prefer = (theme: Theme): void => void vi.stubGlobal('matchMedia', (query: string) => ({ matches: query.includes(theme) }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  prefer('dark');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  localStorage.clear();
  sessionStorage.clear();
  history.replaceState(null, '', '/ui/dispatch');
  document.documentElement.removeAttribute('data-theme');
});

const HOME = { '/collections?': { collections: [{ id: 'events' }, { id: 'communities' }] }, '/style.json': { version: 8, name: 'a', sources: {}, layers: [] }, '/readyz': { status: 'ready' } };

/** A connection that has begun, with its stream in the hands of the test. */
function connect(answers: Record<string, unknown> = {}) {
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const service = new Service({
    ...HOME,
    '/stream': (_: string, { signal: end }: RequestInit) => {
      end?.addEventListener('abort', () => stream?.error(new Error('aborted')));
      return new Response(new ReadableStream<Uint8Array>({ start: (controller) => void (stream = controller) }));
    },
    ...answers,
  });
  const [lang, theme] = [signal<Lang>('zh'), signal<Theme>('dark')];
  const connection = new Connection(lang, theme);
  connection.start();
  /** Lets time pass, in which answers come; streams of the platform pass their pieces on without timers. */
  const pass = async (ms = 5): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
    for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const say = async (event: string, seq: number, more = ''): Promise<void> => {
    stream?.enqueue(new TextEncoder().encode(`id: ${seq}\nevent: ${event}\ndata: {"seq":${seq}${more}}\n\n`));
    await pass();
  };
  return { service, connection, lang, theme, pass, say };
}

describe('the connection', () => {
  it('asks what there is in the language and theme of the page, and again when they change', async () => {
    const { service, connection, lang, theme, pass } = connect();
    await pass();
    expect([connection.sees('events'), connection.sees('responders'), connection.style.value?.name]).toEqual([true, false, 'a']);
    lang.value = 'en';
    theme.value = 'light';
    await pass();
    expect(service.asked('/style')).toEqual(['/style.json?lang=zh&theme=dark', '/style.json?lang=en&theme=dark', '/style.json?lang=en&theme=light']);
  });

  it('shows the style that was asked for last, whichever comes last', async () => {
    const slow = later();
    const { connection, theme, pass } = connect({ '/style.json?lang=zh&theme=dark': slow.answer, '/style.json?lang=zh&theme=light': { ...HOME['/style.json'], name: 'light' } });
    await pass();
    theme.value = 'light';
    await pass();
    slow.come({ ...HOME['/style.json'], name: 'dark' });
    await pass();
    expect(connection.style.value?.name).toBe('light');
  });

  it('asks until it is answered, every three seconds', async () => {
    const { service, connection, pass } = connect({ '/collections?': problem(503), '/style.json': away });
    await pass();
    expect(connection.collections.value).toEqual([]);
    Object.assign(service.answers, HOME);
    await pass(3000);
    expect(connection.sees('events')).toBe(true);
  });

  it('takes the token of the address, keeps it for the next start, and sends it in headers only', async () => {
    history.replaceState(null, '', '/ui/dispatch#token=secret&event=1');
    const { service, connection, pass } = connect();
    await pass();
    expect([connection.known.value, location.hash, localStorage.getItem('shapan.token')]).toEqual([true, '#event=1', 'secret']);
    expect(service.log.map((a) => a.headers['Authorization'])).toEqual(service.log.map(() => 'Bearer secret'));
    expect(service.asked().join()).not.toContain('secret');
  });

  it('goes on as the public when its token is refused, and says so', async () => {
    sessionStorage.setItem('shapan.token', 'old');
    const refuses = (_: string, init: RequestInit) => ('Authorization' in (init.headers ?? {}) ? problem(401)() : HOME['/collections?']);
    const { connection, pass } = connect({ '/collections?': refuses });
    await pass(600);
    expect([connection.refused.value, connection.known.value, sessionStorage.getItem('shapan.token'), connection.sees('events')]).toEqual([true, false, null, true]);
  });

  it('forgets what another could see until it knows what the new one may', async () => {
    const { connection, service, pass } = connect();
    await pass();
    const [epoch, streams] = [connection.epoch.value, service.asked('/stream').length];
    connection.use('t2');
    expect([connection.collections.value, connection.known.value, connection.epoch.value]).toEqual([[], true, epoch + 1]);
    await pass(600);
    expect([connection.sees('events'), service.asked('/stream').length, service.log.at(-1)?.headers['Authorization']]).toEqual([true, streams + 1, 'Bearer t2']);
  });

  it('tells its followers of changes as long as they follow, and asks everything again after a reload', async () => {
    const { connection, pass, say } = connect();
    await pass();
    const told: string[] = [];
    const leave = connection.follow((changes) => told.push(...changes.map((c) => `${c.layer}/${c.id}`)));
    await say('hello', 7);
    await say('changes', 8, ',"changes":[{"layer":"events","id":5}]');
    leave();
    await say('changes', 9, ',"changes":[{"layer":"events","id":6}]');
    const epoch = connection.epoch.value;
    await say('reload', 10);
    expect([told, connection.joined.value, connection.connected, connection.seq, connection.epoch.value - epoch]).toEqual([['events/5'], 1, true, 10, 1]);
  });

  it('is live while messages come, and says how old the data is when they stop', async () => {
    const { connection, pass, say } = connect();
    await pass();
    expect(connection.health.value).toEqual({ kind: 'joining' });
    await say('hello', 7);
    await pass(1000);
    expect(connection.health.value.kind).toBe('live');
    await pass(STALE_AFTER_MS + 1000);
    expect(connection.health.value.kind).toBe('stale');
  });

  it.each([[away, '无法连接服务'], [problem(503), '无法连接服务'], [problem(403), undefined], [{ status: 'degraded', reason: '记录数据库慢', age_seconds: 65 }, '记录数据库慢 · 记录确认于 1 分钟前']])(
    'says what is wrong with the service, until nothing is (%#)',
    async (answer, sentence) => {
      const { connection, service, pass } = connect({ '/readyz': answer });
      await pass(10_000);
      const told = connection.trouble.value;
      service.answers['/readyz'] = HOME['/readyz'];
      await pass(10_000);
      expect([told, connection.trouble.value]).toEqual([sentence, undefined]);
    },
  );
});

describe('the theme', () => {
  it('is what was chosen last, else what the system prefers, also where the browser keeps nothing', () => {
    expect([usualTheme(), (prefer('light'), usualTheme())]).toEqual(['dark', 'light']);
    wear('dark', true);
    expect(usualTheme()).toBe('dark');
    vi.stubGlobal('localStorage', undefined);
    expect(usualTheme()).toBe('light');
    expect(() => wear('dark', true)).not.toThrow();
  });

  it('is worn by the page, and kept only when it was chosen', () => {
    wear('light', false);
    expect([document.documentElement.dataset['theme'], localStorage.length]).toEqual(['light', 0]);
    expect([readTheme('light'), readTheme('dark'), readTheme('blue'), readTheme(null)]).toEqual(['light', 'dark', undefined, undefined]);
    expect([themeOf({ theme: 'light' }), themeOf({})]).toEqual(['light', 'dark']);
  });
});

describe('the masthead', () => {
  const NOBODY = { onLang: () => undefined, onTheme: () => undefined, onToken: () => undefined };
  const props = (more: Partial<MastheadProps> = {}): MastheadProps => ({ lang: 'zh', theme: 'dark', page: 'dispatch', health: { kind: 'joining' }, trouble: undefined, publicView: true, ...NOBODY, ...more });

  it('leads to the other pages in the language of this one, and marks this one', () => {
    const links = [...show(<Masthead {...props({ lang: 'en', page: 'analysis' })} />).querySelectorAll('a')];
    expect(links.map((a) => [a.textContent, a.getAttribute('href'), a.getAttribute('aria-current')])).toEqual([['Wall', '/ui/wall#lang=en', null], ['Dispatch', '/ui/dispatch#lang=en', null], ['Analysis', '/ui/analysis#lang=en', 'page']]);
  });

  it('says how fresh the data is, in both languages, and what is wrong only when something is', () => {
    const kinds: readonly Health[] = [{ kind: 'joining' }, { kind: 'live', age: 900 }, { kind: 'reconnecting', age: 5000, failures: 2 }, { kind: 'stale', age: 65_000, since: 0 }];
    expect(kinds.map((h) => healthText(h, 'zh'))).toEqual(['连接中', '实时 · 数据 刚刚', '重连中 · 数据 5 秒前', '数据停滞 · 数据 1 分钟前']);
    expect(kinds.map((h) => healthText(h, 'en'))).toEqual(['Connecting', 'Live · data just now', 'Reconnecting · data 5 s ago', 'Stale data · data 1 min ago']);
    expect(show(<Masthead {...props()} />).querySelector('[role=alert]')).toBeNull();
    expect(show(<Masthead {...props({ trouble: '无法连接服务' })} />).querySelector('[role=alert]')?.textContent).toBe('无法连接服务');
  });
});

describe('the shell', () => {
  const codec: Codec<CommonState> = {
    read: (words) => ({ ...(words.get('lang') === 'en' ? { lang: 'en' as const } : {}), ...(readTheme(words.get('theme')) ? { theme: readTheme(words.get('theme')) as Theme } : {}) }),
    write: (s) => new URLSearchParams(Object.entries(s).map(([k, v]) => [k, String(v)])),
  };

  function shell() {
    new Service(HOME);
    const address = new Address(codec);
    const connection = new Connection(signal('zh'), signal('dark'));
    const host = show(<Shell page="dispatch" address={address} connection={connection} tools={<b>tools</b>}><p>page</p></Shell>);
    const click = (text: string): Promise<void> => happen(() => [...host.querySelectorAll('button')].find((b) => b.textContent === text)?.click());
    return { address, connection, host, click };
  }

  it('is light on paper, whatever it is on the screen', () => {
    const { address } = shell();
    window.dispatchEvent(new Event('beforeprint'));
    expect(document.documentElement.dataset['theme']).toBe('light');
    window.dispatchEvent(new Event('afterprint'));
    expect(document.documentElement.dataset['theme']).toBe('dark');
    address.close();
  });

  it('changes language and theme in the address, on the page, and in what is kept', async () => {
    const { host, click, address } = shell();
    expect([document.documentElement.lang, document.documentElement.dataset['theme'], localStorage.length]).toEqual(['zh-CN', 'dark', 0]);
    await click('English');
    await click('Light');
    expect([location.hash, document.documentElement.lang, document.documentElement.dataset['theme'], localStorage.getItem('shapan.theme')]).toEqual(['#lang=en&theme=light', 'en', 'light', 'light']);
    expect(host.querySelector('h1')?.textContent).toBe('One Map');
    address.close();
  });

  it('takes a token, and goes back to the public view with none', async () => {
    const { host, click, connection, address } = shell();
    await click('公开视图');
    expect(host.querySelector('dialog')?.open).toBe(true);
    const enter = async (text: string): Promise<void> => {
      await happen(() => write(host.querySelector('[name=token]') as HTMLInputElement, text));
      await submit(host);
    };
    await enter('  t1 ');
    expect([localStorage.getItem('shapan.token'), connection.known.value, [...host.querySelectorAll('.masthead button')][0]?.textContent]).toEqual(['t1', true, '令牌']);
    await enter('');
    expect([localStorage.getItem('shapan.token'), connection.known.value]).toEqual([null, false]);
    address.close();
  });
});

describe('the token dialog', () => {
  it('shows nothing of what was entered, empties itself, and is left by its button', async () => {
    const [done, closed] = [vi.fn(), vi.fn()];
    const host = show(<TokenDialog lang="en" open done={done} closed={closed} />);
    const input = host.querySelector('input') as HTMLInputElement;
    write(input, 'secret');
    await submit(host);
    expect([input.type, input.value, done.mock.calls]).toEqual(['password', '', [['secret']]]);
    closed.mockClear();
    await happen(() => host.querySelector<HTMLElement>('button[type=button]')?.click());
    expect([closed.mock.calls.length, done.mock.calls.length]).toEqual([1, 1]);
    expect(show(<TokenDialog lang="en" open={false} done={done} closed={closed} />).querySelector('dialog')?.open).toBe(false);
  });
});
