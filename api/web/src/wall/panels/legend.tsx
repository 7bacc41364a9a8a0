// What the signs on the map mean, of the layers that are shown.

import { HEAT, type DrawnLayer } from '../../map/style';
import { say } from '../../words/text';
import { Sign } from '../sign';
import type { Wall } from '../wall';

const EXPLAINED = ['events', 'responders', 'facilities', 'screens', 'zones'];

/** The legend at the foot of the map. */
export function Legend({ wall }: { wall: Wall }) {
  const shown = wall.drawn.value.filter((l) => l.legend.length > 0 && wall.isShown(l.name));
  const heat = shown.find((l) => l.name === HEAT);
  return (
    <aside class="legend" aria-label={say(wall.lang.value, 'layers')}>
      {EXPLAINED.map((name) => shown.find((l) => l.name === name)).map((layer) => layer && <Signs key={layer.name} layer={layer} />)}
      {heat && <Ramp layer={heat} />}
      <p class="disclaimer">{say(wall.lang.value, 'disclaimer')}</p>
    </aside>
  );
}

function Signs({ layer }: { layer: DrawnLayer }) {
  return (
    <div class="legend-group">
      <b>{layer.title}</b>
      {layer.legend.map((entry) => (
        <span key={entry.label} class="entry">
          <Sign shape={entry.shape} color={entry.color} />
          {entry.label}
        </span>
      ))}
    </div>
  );
}

function Ramp({ layer }: { layer: DrawnLayer }) {
  return (
    <div class="legend-group">
      <b>{layer.title}</b>
      <span>{layer.legend[0]?.label}</span>
      <span class="ramp">
        {layer.legend.map((entry) => (
          <i key={entry.color} title={entry.label} style={{ backgroundColor: entry.color }} />
        ))}
      </span>
      <span>{layer.legend.at(-1)?.label}</span>
    </div>
  );
}
