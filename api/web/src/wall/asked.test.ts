import { signal } from '@preact/signals';
import { describe, expect, it, vi } from 'vitest';
import { MissingError } from '../service/client';
import { Asked } from './asked';

const set = (ask: (question: string) => Promise<string>, first: string | undefined = 'a') => {
  const question = signal<string | undefined>(first);
  const epoch = signal(0);
  return { question, epoch, asked: new Asked(question, epoch, ask) };
};

describe('Asked', () => {
  it('asks again when the question changes and when everything is to be asked again', async () => {
    let n = 0;
    const { asked, question, epoch } = set((q) => Promise.resolve(`${q} ${++n}`));
    await vi.waitFor(() => expect(asked.value.value).toBe('a 1'));
    question.value = 'b';
    await vi.waitFor(() => expect(asked.value.value).toBe('b 2'));
    epoch.value++;
    await vi.waitFor(() => expect(asked.value.value).toBe('b 3'));
  });

  it('forgets the answer when nothing may be asked, and when there is none', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { asked, question } = set((q) => (q === 'gone' ? Promise.reject(new MissingError(404, q)) : Promise.resolve(q)));
    await vi.waitFor(() => expect(asked.value.value).toBe('a'));
    question.value = 'gone';
    await vi.waitFor(() => expect([asked.value.value, asked.settled.value]).toEqual([undefined, true]));
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked.settled.value, 'no answer is one, also later').toBe(true);
    question.value = undefined;
    await vi.waitFor(() => expect([asked.value.value, asked.settled.value]).toEqual([undefined, false]));
    vi.useRealTimers();
  });

  it('takes the answer to the last question only', async () => {
    const waiting = new Map<string, (answer: string) => void>();
    const { asked, question } = set((q) => new Promise((resolve) => waiting.set(q, resolve)));
    question.value = 'b';
    waiting.get('b')?.('to b');
    await vi.waitFor(() => expect(asked.value.value).toBe('to b'));
    waiting.get('a')?.('to a');
    await Promise.resolve();
    expect(asked.value.value).toBe('to b');
  });

  it('shows no answer under another question for longer than a second', async () => {
    vi.useFakeTimers();
    const { asked, question } = set((q) => (q === 'a' ? Promise.resolve(q) : Promise.reject(new TypeError('nobody answers'))));
    await vi.advanceTimersByTimeAsync(0);
    question.value = 'b';
    await vi.advanceTimersByTimeAsync(500);
    expect(asked.value.value, 'no flicker').toBe('a');
    await vi.advanceTimersByTimeAsync(1000);
    expect([asked.value.value, asked.settled.value]).toEqual([undefined, false]);
    vi.useRealTimers();
  });

  it('asks no more once it is closed', async () => {
    vi.useFakeTimers();
    const heard: string[] = [];
    const { asked, question, epoch } = set((q) => Promise.resolve(String(heard.push(q))));
    await vi.advanceTimersByTimeAsync(0);
    asked.soon();
    asked.close();
    question.value = 'b';
    epoch.value++;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(heard).toEqual(['a']);
    vi.useRealTimers();
  });

  it('keeps what it knows while asking fails, and asks until it succeeds', async () => {
    vi.useFakeTimers();
    let fails = 0;
    const { asked, epoch } = set((q) => (fails-- > 0 ? Promise.reject(new TypeError('nobody answers')) : Promise.resolve(q)));
    await vi.advanceTimersByTimeAsync(0);
    const before = asked.at.value;
    fails = 2;
    epoch.value++;
    await vi.advanceTimersByTimeAsync(1000);
    expect([asked.value.value, asked.at.value]).toEqual(['a', before]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.at.value).toBeGreaterThan(before ?? 0);
    vi.useRealTimers();
  });
});
