// The card of one feature on the map: its name and what else is known of it.

import { Fragment } from 'preact';
import type { Item, LayerCard } from '../service/data';
import { valueText } from '../service/data';
import { clock, day } from '../words/format';

/** Fields that say nothing to the one who looks at a wall. */
const SKIPPED = new Set(['name', 'title', 'provenance', 'partner', 'code', 'zone']);
const MOST_ROWS = 20;

/** What the card is given; `area` names an area by its code. */
export interface CardProps {
  readonly item: Item;
  readonly layer: LayerCard | undefined;
  area(code: string): string;
  /** Gives the wall to the event, and the word for that; absent for what is no event. */
  enter?(): void;
  readonly enterWord?: string;
}

/** The card. Values of enums appear as their titles, areas as their names. */
export function Card(p: CardProps) {
  const rows = [...(p.layer?.fields ?? [])].filter(([field]) => {
    const value = valueText(p.item, field);
    return !SKIPPED.has(field) && value !== '' && value !== 'false' && value !== '0';
  });
  return (
    <div class="card-body">
      <h3>{valueText(p.item, 'title') || valueText(p.item, 'name') || valueText(p.item, 'code')}</h3>
      <dl>
        {rows.slice(0, MOST_ROWS).map(([field, label]) => (
          <Fragment key={field}>
            <dt>{label}</dt>
            <dd>{worded(field, valueText(p.item, field), p)}</dd>
          </Fragment>
        ))}
      </dl>
      {p.enter && (
        <button class="card-enter" type="button" onClick={() => p.enter?.()}>
          {p.enterWord} ›
        </button>
      )}
    </div>
  );
}

function worded(field: string, value: string, { layer, area }: CardProps): string {
  if (field === 'community' || field === 'grid') return area(value);
  if (/^\d{4}-\d\d-\d\dT/.test(value)) {
    const at = Date.parse(value);
    return `${day(at)} ${clock(at)}`;
  }
  return layer?.codes.get(field)?.get(value) ?? value;
}
