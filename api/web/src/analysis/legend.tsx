// What the colours of the map mean, in units.

import { num as finite } from './schema';

/** A line of a legend. */
export interface LegendLine {
  readonly color: string;
  readonly text: string;
  /** A shape of its own: a round point, else a square of colour. */
  readonly round?: boolean;
}

/** A legend. */
export interface LegendText {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly LegendLine[];
  /** What else should be known. */
  readonly note?: string | undefined;
}

/** The legend of the map. */
export function Legend({ legend }: { legend: LegendText }) {
  return (
    <section class="legend panel" data-legend aria-label={legend.title}>
      <h2>
        {legend.title} {legend.unit && <small>{legend.unit}</small>}
      </h2>
      <ul>
        {legend.lines.map((l) => (
          <li key={`${l.color} ${l.text}`}>
            <span class={l.round ? 'swatch round' : 'swatch'} style={{ background: l.color }} aria-hidden="true" />
            {l.text}
          </li>
        ))}
      </ul>
      {legend.note && <p>{legend.note}</p>}
    </section>
  );
}

/** A number of a legend: as many digits as it needs, at most three. */
export function legendNumber(x: number): string {
  const n = finite(x) ?? 0;
  if (Number.isInteger(n)) return n.toLocaleString('en-US');
  return Number(n.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 4 });
}
