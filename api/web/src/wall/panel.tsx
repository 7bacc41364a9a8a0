// The frame of a panel: a heading, and a fold that leaves the heading alone.

import type { ComponentChildren } from 'preact';
import type { Wall } from './wall';
import { tell } from './words';

/** What a panel is given. */
export interface PanelProps {
  readonly wall: Wall;
  /** Its name in the address. */
  readonly name: string;
  readonly title: string;
  /** Stands beside the heading. */
  readonly note?: ComponentChildren;
  /** Whether it fits between two joints and so goes below one as a whole. */
  readonly whole?: boolean;
  readonly children: ComponentChildren;
}

/** A panel. */
export function Panel({ wall, name, title, note, whole, children }: PanelProps) {
  const folded = wall.address.state.value.hide?.includes(name) ?? false;
  const word = tell(wall.lang.value, folded ? 'unfold' : 'fold');
  return (
    <section class={`panel panel-${name}${folded ? ' folded' : ''}${wall.drives.looked.value === name ? ' looked' : ''}`} aria-label={title} {...(whole ? { 'data-whole': true } : {})}>
      <div class="panel-head">
        <h2>{title}</h2>
        <span class="panel-note">{note}</span>
        <button class="fold" type="button" aria-expanded={!folded} aria-label={`${word}: ${title}`} onClick={() => wall.fold(name)} />
      </div>
      {!folded && children}
    </section>
  );
}
