// The layers: how many features each has, and a switch.

import { HEAT, type DrawnLayer } from '../../map/style';
import { count } from '../../words/format';
import { say } from '../../words/text';
import { Panel } from '../panel';
import { Sign } from '../sign';
import { MODES, type Mode } from '../state';
import type { Wall } from '../wall';
import { tell, type WallWord } from '../words';

/** The panel. */
export function LayerList({ wall }: { wall: Wall }) {
  const drawn = new Map(wall.drawn.value.map((l) => [l.name, l]));
  const heat = drawn.get(HEAT);
  return (
    <Panel wall={wall} name="layers" title={say(wall.lang.value, 'layers')}>
      <div class="layer-rows">
        {wall.facts.cards.value.map((card) => {
          const layer = drawn.get(card.id);
          return layer && <LayerSwitch key={card.id} wall={wall} layer={layer} title={card.title} n={card.count} />;
        })}
        {heat && <LayerSwitch wall={wall} layer={heat} title={heat.title} />}
      </div>
      {wall.connection.sees('events') && <Modes wall={wall} />}
    </Panel>
  );
}

const MODE_WORDS: Readonly<Record<Mode, WallWord>> = { rate: 'modeRate', towers: 'modeTowers', hexagons: 'modeHexagons' };

function Modes({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const chosen = wall.address.state.value.mode;
  return (
    <div class="modes" role="radiogroup" aria-label={tell(lang, 'modes')}>
      {[undefined, ...MODES].map((mode) => (
        <button key={mode ?? ''} type="button" data-whole class={`mode${mode === chosen ? ' on' : ''}`} role="radio" aria-checked={mode === chosen} data-mode={mode ?? 'plain'} onClick={() => wall.address.change({ mode })}>
          {tell(lang, mode ? MODE_WORDS[mode] : 'modeNone')}
        </button>
      ))}
    </div>
  );
}

function LayerSwitch({ wall, layer, title, n }: { wall: Wall; layer: DrawnLayer; title: string; n?: number }) {
  const shown = wall.isShown(layer.name);
  const sign = layer.legend[0];
  return (
    <button class={`layer${shown ? ' on' : ''}`} type="button" role="switch" aria-checked={shown} data-layer={layer.name} data-whole onClick={() => wall.toggle(layer.name)}>
      <i class="toggle" />
      {sign ? <Sign shape={sign.shape} color={sign.color} /> : <i class="sign" />}
      <span>{title}</span>
      <strong>{n === undefined ? '' : count(n)}</strong>
    </button>
  );
}
