import { describe, expect, it } from 'vitest';
import { Question } from './question';

/** A question under way, and what came of it. */
function ask(question: Question, name: string, kept: string[]) {
  let come = (): void => undefined;
  const ended = question.put(async (current) => {
    await new Promise<void>((resolve) => (come = resolve));
    if (current()) kept.push(name);
  }).then(() => void kept.push(`${name} ended`));
  return { come: () => come(), ended };
}
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('a question', () => {
  it('that was overtaken keeps nothing, and ends with the newest', async () => {
    const kept: string[] = [];
    const question = new Question();
    const [first, second, third] = [ask(question, 'first', kept), ask(question, 'second', kept), ask(question, 'third', kept)];
    first.come();
    second.come();
    await settle();
    expect(kept).toEqual([]);
    third.come();
    await Promise.all([first.ended, second.ended, third.ended]);
    expect([kept[0], kept.slice(1).sort()]).toEqual(['third', ['first ended', 'second ended', 'third ended']]);
  });

  it('that was dropped ends and keeps nothing; the next counts', async () => {
    const kept: string[] = [];
    const question = new Question();
    const old = ask(question, 'old', kept);
    question.drop();
    old.come();
    await old.ended;
    const next = ask(question, 'next', kept);
    next.come();
    await next.ended;
    expect(kept).toEqual(['old ended', 'next', 'next ended']);
  });

  it('that fails says so, and hinders none after it', async () => {
    const question = new Question();
    await expect(question.put(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    const kept: string[] = [];
    const next = ask(question, 'next', kept);
    next.come();
    await next.ended;
    expect(kept).toEqual(['next', 'next ended']);
  });
});
