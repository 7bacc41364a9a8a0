import { describe, expect, it } from 'vitest';
import { barOption, type Bars, type Colours } from './bars';

const colours: Colours = { text: '#111111', quiet: '#222222', edge: '#333333', panel: '#444444', first: '#555555', second: '#666666' };
const bars = (upright: boolean, series = 1): Bars => ({ names: ['a', 'b'], chosen: [false, true], upright, series: Array.from({ length: series }, (_, i) => ({ name: `s${i}`, values: [1, 2] })) });
const drawing = { label: 'Chart', calm: true, brush: false };

describe('a chart of bars', () => {
  it('has no tooltip of markup, which the policy of the page forbids', () => {
    expect(barOption(bars(true), colours, drawing)['tooltip']).toMatchObject({ renderMode: 'richText' });
  });

  it('stands for time and lies for names', () => {
    expect(barOption(bars(true), colours, drawing)['xAxis']).toMatchObject({ type: 'category', data: ['a', 'b'] });
    expect(barOption(bars(false), colours, drawing)['yAxis']).toMatchObject({ type: 'category', inverse: true });
  });

  it('tells two series apart without colour, and does not move where it should not', () => {
    expect(barOption(bars(true, 2), colours, drawing)).toMatchObject({ aria: { decal: { show: true } }, animation: false, legend: { top: 0 } });
    expect(barOption(bars(true), colours, { ...drawing, calm: false })).toMatchObject({ aria: { decal: { show: false } }, animation: true });
  });

  it('makes pale what is not chosen, when something is', () => {
    const [series] = barOption(bars(true), colours, drawing)['series'] as { data: { itemStyle: { opacity: number } }[] }[];
    expect(series?.data.map((d) => d.itemStyle.opacity)).toEqual([0.35, 1]);
  });
});
