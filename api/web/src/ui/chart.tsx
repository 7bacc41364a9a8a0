// A chart of bars in the colours of the page. It draws on a canvas; what it shows is read out, and a table can stand beside it.

import { useEffect, useRef } from 'preact/hooks';
import type { EChartsType } from './echarts';
import { barOption, readColours, type Bars } from './bars';
import { RECOLOURED } from './paper';

/** What a chart is given. */
export interface ChartProps {
  readonly bars: Bars;
  /** What the chart shows, in words. */
  readonly label: string;
  /** The height in pixels. */
  readonly height: number;
  /** Whatever changes the page's colours. */
  readonly theme: string;
  /** A bar was clicked. */
  pick?(index: number): void;
  /** A stretch of bars was dragged over, both ends included. */
  brush?(first: number, last: number): void;
  /** Told of the chart while it stands. */
  stands?(chart: EChartsType | undefined): void;
}

/** The chart. The library is fetched with the first one. */
export function Chart(p: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | undefined>(undefined);
  const props = useRef(p);
  props.current = p;
  useEffect(() => {
    let gone = false;
    let sized: ResizeObserver | undefined;
    void import('./echarts').then(({ init }) => {
      if (gone || !host.current) return;
      const made = init(host.current, undefined, { renderer: 'canvas' });
      chart.current = made;
      listen(made, () => props.current);
      draw(made, host.current, props.current);
      sized = new ResizeObserver(() => made.resize());
      sized.observe(host.current);
      props.current.stands?.(made);
    });
    // Paper may have other colours, and takes what is drawn at once.
    const again = (): void => {
      if (chart.current && host.current) draw(chart.current, host.current, props.current, true);
    };
    window.addEventListener(RECOLOURED, again);
    return () => {
      gone = true;
      window.removeEventListener(RECOLOURED, again);
      sized?.disconnect();
      props.current.stands?.(undefined);
      chart.current?.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    if (chart.current && host.current) draw(chart.current, host.current, p);
  }, [JSON.stringify(p.bars), p.theme, p.label, p.height]);
  return <div ref={host} class="chart" role="img" aria-label={p.label} style={{ height: `${p.height}px` }} />;
}

function draw(chart: EChartsType, host: HTMLElement, p: ChartProps, still = false): void {
  const calm = still || matchMedia('(prefers-reduced-motion: reduce)').matches;
  chart.resize(); // the height may be new, and the observer comes a frame later
  chart.setOption(barOption(p.bars, readColours(host), { label: p.label, calm, brush: p.brush !== undefined }), { notMerge: true });
  if (p.brush) chart.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption: { brushType: 'lineX', brushMode: 'single' } });
  if (still) chart.getZr().flush();
}

function listen(chart: EChartsType, props: () => ChartProps): void {
  // A click anywhere in the row or column of a bar counts: a short bar is as easy to hit as a long one.
  let pressed: number | undefined;
  chart.getZr().on('mousedown', (e: { offsetX: number; offsetY: number }) => {
    pressed = at(chart, props().bars, e);
  });
  chart.getZr().on('mouseup', (e: { offsetX: number; offsetY: number }) => {
    const released = at(chart, props().bars, e);
    const from = pressed;
    pressed = undefined;
    if (from === undefined || released === undefined) return;
    if (from === released) props().pick?.(from);
    else props().brush?.(Math.min(from, released), Math.max(from, released));
    if (props().brush) chart.dispatchAction({ type: 'brush', areas: [] });
  });
}

function at(chart: EChartsType, bars: Bars, { offsetX, offsetY }: { offsetX: number; offsetY: number }): number | undefined {
  if (!chart.containPixel({ gridIndex: 0 }, [offsetX, offsetY])) return undefined;
  const found = chart.convertFromPixel({ gridIndex: 0 }, [offsetX, offsetY]);
  const index = Math.round(found[bars.upright ? 0 : 1] ?? NaN);
  return index >= 0 && index < bars.names.length ? index : undefined;
}
