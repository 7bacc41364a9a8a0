import { expect, it } from 'vitest';
import css from './wall.css?raw';

const variable = (name: string): string => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(css)?.[1] ?? '';

/** The relative luminance of a colour (WCAG 2). */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const v = parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [hi = 0, lo = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (hi + 0.05) / (lo + 0.05);
}

/** The lightest that a panel gets: the light end of its gradient. */
const PANEL = '#0c253e';

it.each(['text', 'soft', 'glow', 'live', 'warn', 'bad', 'high', 'moderate'])('text in --%s has a contrast of 7:1 on the lightest panel', (name) => {
  expect(contrast(variable(name), PANEL)).toBeGreaterThanOrEqual(7);
});

it.each(['warn', 'bad', 'glow', 'critical', 'low', 'moderate', 'high'])('dark text on --%s has a contrast of 7:1', (name) => {
  expect(contrast(variable('ink'), variable(name))).toBeGreaterThanOrEqual(7);
});

it('what is old is dimmer, and still read', () => {
  for (const color of ['#a9b4c0', '#c3ced9']) expect(contrast(color, PANEL)).toBeGreaterThanOrEqual(7);
});
