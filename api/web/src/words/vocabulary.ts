// How a page says something in two languages.

import type { Lang } from './format';

/** What fills the {holes} of a text. */
export type Holes = Readonly<Record<string, string | number>>;

/** Makes the voice of a page: both languages have the same words, and the compiler sees to it. */
export function vocabulary<Word extends string>(zh: Readonly<Record<Word, string>>, en: Readonly<Record<NoInfer<Word>, string>>) {
  return (lang: Lang, word: Word, holes: Holes = {}): string =>
    (lang === 'zh' ? zh : en)[word].replace(/\{(\w+)\}/g, (all, name: string) => String(holes[name] ?? all));
}
