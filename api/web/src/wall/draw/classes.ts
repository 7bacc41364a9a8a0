// Classes of numbers for a painted map: few, of equal width, in a ramp that the colour-blind can read and that rises in brightness.

/** The colours from low to high (viridis, without its darkest part, which a dark ground would swallow). */
export const RATE_COLORS = ['#3b518b', '#2c718e', '#21908d', '#5cc863', '#fde725'] as const;

/** The upper bounds of all classes but the last. */
export type Classes = readonly number[];

/** Cuts from nought to the greatest value at numbers that a person would choose. */
export function classesOf(values: readonly number[]): Classes {
  const top = Math.max(0, ...values);
  if (top === 0) return [];
  const step = niceStep(top / RATE_COLORS.length);
  return RATE_COLORS.slice(1).map((_, i) => Number(((i + 1) * step).toPrecision(6)));
}

/** The colour of a value; grey for none. */
export function colorOf(classes: Classes, value: number | null): string {
  if (value === null) return '#5a6b7d';
  const at = classes.findIndex((bound) => value < bound);
  return RATE_COLORS[at < 0 ? (classes.length === 0 ? 0 : RATE_COLORS.length - 1) : at] ?? RATE_COLORS[0];
}

/** The least of 1, 2, 2.5, 5 times a power of ten that is not less. */
function niceStep(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x));
  return ([1, 2, 2.5, 5, 10].find((m) => m * power >= x - 1e-9) ?? 10) * power;
}
