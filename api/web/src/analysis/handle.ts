// What a test, or a person at the console, can ask of the page: the map and the charts that stand.

import type { LiveMap } from '../map/live';
import type { EChartsType } from '../ui/echarts';

/** The handle, as window.shapanAnalysis. */
export interface Handle {
  map: LiveMap | undefined;
  readonly charts: Map<string, EChartsType>;
}

declare global {
  interface Window {
    shapanAnalysis?: Handle;
  }
}

/** The handle of this page; made when it is first asked for. */
export function handle(): Handle {
  return (window.shapanAnalysis ??= { map: undefined, charts: new Map() });
}
