// The layers: how many features each has, and a switch.

import { HEAT, type DrawnLayer } from '../../map/style';
import { count } from '../../words/format';
import { say } from '../../words/text';
import { Panel } from '../panel';
import { Sign } from '../sign';
import type { Wall } from '../wall';

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
    </Panel>
  );
}

function LayerSwitch({ wall, layer, title, n }: { wall: Wall; layer: DrawnLayer; title: string; n?: number }) {
  const shown = wall.isShown(layer.name);
  const sign = layer.legend[0];
  return (
    <button class={`layer${shown ? ' on' : ''}`} type="button" role="switch" aria-checked={shown} data-layer={layer.name} onClick={() => wall.toggle(layer.name)}>
      <i class="toggle" />
      {sign ? <Sign shape={sign.shape} color={sign.color} /> : <i class="sign" />}
      <span>{title}</span>
      <strong>{n === undefined ? '' : count(n)}</strong>
    </button>
  );
}
