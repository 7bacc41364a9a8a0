// The parts of ECharts that the pages use, and no others. Loaded when the first chart is shown.

import { BarChart } from 'echarts/charts';
import { AriaComponent, BrushComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([BarChart, GridComponent, TooltipComponent, LegendComponent, BrushComponent, AriaComponent, CanvasRenderer]);

export { init };
export type { EChartsType };
