// What the signs on the map mean, of the layers that are shown.

import { HEAT, type DrawnLayer } from '../../map/style';
import { say } from '../../words/text';
import { RATE_COLORS } from '../draw/classes';
import { paintedRates } from '../draw/areas';
import { Sign } from '../sign';
import type { Wall } from '../wall';
import { tell } from '../words';

const EXPLAINED = ['events', 'facilities', 'screens', 'zones'];

/** The legend at the foot of the map. */
export function Legend({ wall }: { wall: Wall }) {
  const shown = wall.drawn.value.filter((l) => l.legend.length > 0 && wall.isShown(l.name));
  const heat = shown.find((l) => l.name === HEAT);
  return (
    <aside class="legend" aria-label={say(wall.lang.value, 'layers')}>
      {EXPLAINED.map((name) => shown.find((l) => l.name === name)).map((layer) => layer && <Signs key={layer.name} layer={layer} />)}
      {shown.some((l) => l.name === 'responders') && <People wall={wall} />}
      {heat && <Ramp layer={heat} />}
      <Rates wall={wall} />
      <p class="disclaimer">{[say(wall.lang.value, 'disclaimer'), ...sources(wall)].join(' · ')}</p>
    </aside>
  );
}

function Signs({ layer }: { layer: Pick<DrawnLayer, 'title' | 'legend'> }) {
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

/** The wall draws people itself: those on duty by whether they can be sent. */
function People({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const signs: [string, string, string][] = [
    ['person', '#7df0a8', tell(lang, 'dutyFree')],
    ['person', '#ffd166', tell(lang, 'dutyBusy')],
    ['person-off', '#9fb3c6', tell(lang, 'dutyStale')],
  ];
  return <Signs layer={{ title: wall.facts.card('responders')?.title ?? '', legend: signs.map(([shape, color, label]) => ({ shape, color, label })) }} />;
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

/** The classes of the rates that are painted. */
function Rates({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const classes = paintedRates.value;
  if (!classes || classes.length === 0) return null;
  return (
    <div class="legend-group">
      <b>{tell(lang, 'perWeek')}</b>
      {RATE_COLORS.map((color, i) => (
        <span key={color} class="entry">
          <Sign shape="square" color={color} />
          {i === 0 ? `< ${classes[0]}` : i === classes.length ? `≥ ${classes[i - 1]}` : `${classes[i - 1]}–${classes[i]}`}
        </span>
      ))}
      <span class="entry">
        <i class="small-sign" />
        {tell(lang, 'small')}
      </span>
    </div>
  );
}

/** Whose data is on the map, as licences ask. */
function sources(wall: Wall): string[] {
  const lang = wall.lang.value;
  const streets = wall.facts.streets.value.value ?? [];
  const basemaps = Object.values(wall.connection.style.value?.sources ?? {}).flatMap((source) => ('attribution' in source && source.attribution ? [source.attribution.replace(/<[^>]*>/g, '')] : []));
  return [
    ...(streets.some((group) => group.key.includes('OpenStreetMap')) ? [tell(lang, 'streetsBy')] : []),
    ...basemaps.map((who) => tell(lang, 'basemapBy', { who })),
  ];
}
