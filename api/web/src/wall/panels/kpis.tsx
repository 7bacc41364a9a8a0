// The indicators of the last thirty days of data, each beside the thirty days before.

import { day } from '../../words/format';
import { kpiText, trendOf, type Kpi } from '../kpis';
import { Panel } from '../panel';
import type { Wall } from '../wall';
import { tell } from '../words';

/** The panel; a figure opens its formula and its records. */
export function KpiPanel({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const kpis = wall.facts.kpis.value.value;
  const period = kpis ? `${day(kpis.from).slice(5)} – ${day(kpis.to)}` : '';
  return (
    <Panel wall={wall} name="kpis" at={wall.facts.kpis.at.value} title={tell(lang, 'indicators')} note={period} whole={wall.address.state.value.bezels?.rows === 2}>
      <div class="kpis">{kpis?.kpis.map((kpi) => <Row key={kpi.id} wall={wall} kpi={kpi} />)}</div>
    </Panel>
  );
}

function Row({ wall, kpi }: { wall: Wall; kpi: Kpi }) {
  const lang = wall.lang.value;
  const [value, unit] = kpiText(kpi.value, kpi.unit, lang);
  return (
    <button class={`kpi${kpi.value === null ? ' unknown' : ''}`} type="button" data-kpi={kpi.id} data-whole onClick={() => wall.address.change({ kpi: kpi.id, records: undefined })}>
      <span class="kpi-title">{kpi.title[lang]}</span>
      <strong>
        {value}
        <small>{unit}</small>
      </strong>
      <Change wall={wall} kpi={kpi} />
    </button>
  );
}

/** The change against the baseline: an arrow for the way, a colour and a word for whether it is good. */
export function Change({ wall, kpi }: { wall: Wall; kpi: Kpi }) {
  const lang = wall.lang.value;
  if (kpi.value === null) return <em class="kpi-change even">{tell(lang, 'noValue')}</em>;
  if (kpi.small) return <em class="kpi-change even">{tell(lang, 'small')}</em>;
  if (kpi.change === null) return <em class="kpi-change even">{tell(lang, 'noBaseline')}</em>;
  const arrow = kpi.change > 0 ? '▲' : kpi.change < 0 ? '▼' : '＝';
  const amount = Math.abs(kpi.change).toFixed(1);
  return (
    <em class={`kpi-change ${trendOf(kpi)}`}>
      {arrow} {amount}
      {kpi.unit === '%' ? ` ${tell(lang, 'pp')}` : '%'}
    </em>
  );
}
