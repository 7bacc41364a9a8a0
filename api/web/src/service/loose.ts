// Reading JSON that nobody has checked: what is not of the kind that was hoped for counts as empty.

/** The members of an object. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object, {} for anything else. */
export const fields = (v: unknown): Fields => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Fields) : {});

/** A list, [] for anything else. */
export const list = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : []);

/** A text, "" for anything else. */
export const text = (v: unknown): string => (typeof v === 'string' ? v : '');

/** A number, 0 for anything else. */
export const number = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0);

/** A number, undefined for anything else. */
export const maybe = (v: unknown): number | undefined => (typeof v === 'number' && Number.isFinite(v) ? v : undefined);

/** An instant in milliseconds since 1970, undefined for anything else. */
export const instant = (v: unknown): number | undefined => {
  const at = Date.parse(text(v));
  return Number.isNaN(at) ? undefined : at;
};
