// Reading and writing the words of an address. What cannot be read is undefined, and what is undefined is not written.

/** One of some words. */
export const oneOf = <T extends string>(of: readonly T[], text: string | null): T | undefined => of.find((word) => word === text);

/** Names between commas; of nothing none, which is not the same as no word. */
export const list = (text: string | null): readonly string[] | undefined => text?.split(',').filter((name) => name !== '');

/** 1 or 0. */
export const flag = (text: string | null): boolean | undefined => (text === '0' || text === '1' ? text === '1' : undefined);

/** A whole number between two others. */
export function whole(text: string | null, least = 0, most = Number.MAX_SAFE_INTEGER): number | undefined {
  if (!/^\d{1,16}$/.test(text ?? '')) return undefined;
  const n = Number(text);
  return n >= least && n <= most ? n : undefined;
}

/** What a word can be. */
export type Word = string | number | boolean | readonly string[] | undefined;

/** Writes words in order: lists between commas, yes and no as 1 and 0. */
export function written(words: readonly (readonly [string, Word])[]): URLSearchParams {
  return new URLSearchParams(words.flatMap(([name, word]) => (word === undefined ? [] : [[name, typeof word === 'boolean' ? String(Number(word)) : Array.isArray(word) ? word.join(',') : String(word)]])));
}

/** Leaves out what is undefined. */
export const present = <T extends object>(parts: { readonly [K in keyof T]: T[K] | undefined }): T => Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T;
