// The card of one feature on the map: its name and what else is known of it.

import type { Item, LayerCard } from '../service/data';
import { valueText } from '../service/data';
import { el } from '../ui/dom';
import { clock, day } from '../words/format';

/** Fields that say nothing to the one who looks at a wall. */
const SKIPPED = new Set(['name', 'title', 'provenance', 'partner', 'code', 'zone']);

/** Makes the card of a feature. Values of enums appear as their titles, areas as their names where `area` knows them. */
export function featureCard(item: Item, layer: LayerCard | undefined, area: (code: string) => string): HTMLElement {
  const title = valueText(item, 'title') || valueText(item, 'name') || valueText(item, 'code');
  const rows = [...(layer?.fields ?? [])].flatMap(([field, label]) => {
    const value = valueText(item, field);
    if (SKIPPED.has(field) || value === '' || value === 'false' || value === '0') return [];
    return [el('dt', {}, label), el('dd', {}, worded(field, value, layer, area))];
  });
  return el('div', { class: 'card-body' }, el('h3', {}, title), el('dl', {}, ...rows.slice(0, 20)));
}

function worded(field: string, value: string, layer: LayerCard | undefined, area: (code: string) => string): string {
  if (field === 'community') return area(value);
  if (/^\d{4}-\d\d-\d\dT/.test(value)) {
    const at = Date.parse(value);
    return `${day(at)} ${clock(at)}`;
  }
  return layer?.codes.get(field)?.get(value) ?? value;
}
