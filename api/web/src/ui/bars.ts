// The option of a chart of bars: names, one or two series, and the colours of the page. Pure but for reading the colours.

import type { EChartsCoreOption } from 'echarts/core';

/** A series of a chart: a value for each name. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

/** What a chart of bars shows. */
export interface Bars {
  readonly names: readonly string[];
  /** The names that are chosen; when there are any, others are pale. */
  readonly chosen: readonly boolean[];
  readonly series: readonly Series[];
  /** Whether the bars stand upright, as for time; else they lie, so that long names can be read. */
  readonly upright: boolean;
}

/** The colours of the page. */
export interface Colours {
  readonly text: string;
  readonly quiet: string;
  readonly edge: string;
  readonly panel: string;
  readonly first: string;
  readonly second: string;
}

/** Reads the colours of the page where an element stands. */
export function readColours(host: Element): Colours {
  const style = getComputedStyle(host);
  const get = (name: string): string => style.getPropertyValue(name).trim() || '#888888';
  return { text: get('--text'), quiet: get('--quiet'), edge: get('--edge'), panel: get('--panel'), first: get('--chart-1'), second: get('--chart-2') };
}

/** How a chart is drawn. */
export interface Drawing {
  readonly label: string;
  /** Nothing moves. */
  readonly calm: boolean;
  /** A stretch can be dragged over. */
  readonly brush: boolean;
}

/** Makes the option of a chart. */
export function barOption(bars: Bars, c: Colours, drawing: Drawing): EChartsCoreOption {
  const names = {
    type: 'category' as const,
    data: [...bars.names],
    inverse: !bars.upright,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: c.edge } },
    axisLabel: { color: c.text, fontSize: 12, hideOverlap: true, ...(bars.upright ? {} : { width: 108, overflow: 'truncate' as const }) },
  };
  const values = {
    type: 'value' as const,
    minInterval: 1,
    splitNumber: 4,
    axisLabel: { color: c.quiet, fontSize: 11, hideOverlap: true },
    splitLine: { lineStyle: { color: c.edge, opacity: 0.5 } },
  };
  const two = bars.series.length > 1;
  return {
    animation: !drawing.calm,
    animationDuration: 200,
    animationDurationUpdate: 200,
    textStyle: { fontFamily: 'inherit' },
    aria: { enabled: true, label: { description: drawing.label }, decal: { show: two } },
    grid: { left: 8, right: 16, top: two ? 32 : 10, bottom: 4, containLabel: true },
    tooltip: { trigger: 'axis', renderMode: 'richText', axisPointer: { type: 'shadow' }, backgroundColor: c.panel, borderColor: c.edge, textStyle: { color: c.text, fontSize: 12 } },
    ...(two ? { legend: { top: 0, textStyle: { color: c.text } } } : {}),
    ...(drawing.brush ? { brush: { toolbox: [], xAxisIndex: 0, brushStyle: { color: 'rgba(128,160,200,0.3)', borderColor: c.first }, outOfBrush: { colorAlpha: 1 } } } : {}),
    xAxis: bars.upright ? names : values,
    yAxis: bars.upright ? values : names,
    color: [c.first, c.second],
    series: bars.series.map((s, i) => ({
      type: 'bar' as const,
      name: s.name,
      barMaxWidth: 26,
      barMinHeight: 1,
      data: s.values.map((value, at) => ({ value, itemStyle: { opacity: pale(bars, at) ? 0.35 : 1 } })),
      itemStyle: { color: i === 0 ? c.first : c.second },
      label: { show: !bars.upright && bars.series.length === 1, position: 'right' as const, color: c.text, fontSize: 11 },
      cursor: 'pointer',
    })),
  };
}

const pale = (bars: Bars, at: number): boolean => bars.chosen.some(Boolean) && bars.chosen[at] !== true;
