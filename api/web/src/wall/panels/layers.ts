// The layers: how many features each has, what its signs mean, and a switch.

import { el } from '../../ui/dom';
import { count, type Lang } from '../../words/format';
import { signPicture } from '../../map/shapes';
import { say } from '../../words/text';
import type { LegendEntry } from '../../map/style';

/** A line of the panel. */
export interface LayerRow {
  readonly name: string;
  readonly title: string;
  readonly count?: number;
  readonly shown: boolean;
  readonly legend: readonly LegendEntry[];
}

/** LayerList owns the panel of layers and the legend at the foot of the map. */
export class LayerList {
  readonly element = el('section', { class: 'panel layers' });
  readonly legend = el('aside', { class: 'legend' });

  constructor(private readonly toggle: (name: string) => void) {}

  /** Shows the layers, and the legends of those that are switched on. */
  show(rows: readonly LayerRow[], heat: LayerRow | undefined, lang: Lang): void {
    const switches = [...rows, ...(heat ? [heat] : [])].map((row, i) => this.#row(row, i));
    this.element.replaceChildren(el('h2', {}, say(lang, 'layers')), el('div', { class: 'layer-rows' }, ...switches));
    const wanted = ['events', 'responders', 'facilities', 'screens', 'zones'];
    const groups = wanted.flatMap((name) => rows.filter((r) => r.name === name && r.shown && r.legend.length > 0)).map(signGroup);
    this.legend.replaceChildren(
      ...groups,
      ...(heat?.shown ? [heatGroup(heat)] : []),
      el('p', { class: 'disclaimer' }, say(lang, 'disclaimer')),
    );
  }

  #row(row: LayerRow, at: number): HTMLElement {
    const sign = row.legend[0];
    return el(
      'button',
      { class: `layer${row.shown ? ' on' : ''}`, attrs: { type: 'button', role: 'switch', 'aria-checked': String(row.shown), 'data-layer': row.name }, title: String(at + 1), onclick: () => this.toggle(row.name) },
      el('i', { class: 'toggle' }),
      sign ? signPicture(sign.shape, sign.color) : el('i', { class: 'sign' }),
      el('span', {}, row.title),
      el('strong', {}, row.count === undefined ? '' : count(row.count)),
    );
  }
}

function signGroup(row: LayerRow): HTMLElement {
  const entries = row.legend.map((e) => el('span', { class: 'entry' }, signPicture(e.shape, e.color), e.label));
  return el('div', { class: 'legend-group' }, el('b', {}, row.title), ...entries);
}

function heatGroup(heat: LayerRow): HTMLElement {
  const ramp = heat.legend.map((e) => {
    const step = el('i', { title: e.label });
    step.style.backgroundColor = e.color;
    return step;
  });
  const [first, last] = [heat.legend[0]?.label ?? '', heat.legend.at(-1)?.label ?? ''];
  return el('div', { class: 'legend-group' }, el('b', {}, heat.title), el('span', {}, first), el('span', { class: 'ramp' }, ...ramp), el('span', {}, last));
}
