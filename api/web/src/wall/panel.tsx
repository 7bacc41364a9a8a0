// The frame of a panel: a heading, and a fold that leaves the heading alone.

import type { ComponentChildren } from 'preact';
import { clock } from '../words/format';
import { say } from '../words/text';
import type { Wall } from './wall';
import { tell } from './words';

/** Facts are asked for every minute; after three that failed they are old. */
const OLD_MS = 200_000;

/** What a panel is given. */
export interface PanelProps {
  readonly wall: Wall;
  /** Its name in the address. */
  readonly name: string;
  readonly title: string;
  /** Stands beside the heading. */
  readonly note?: ComponentChildren;
  /** When its facts were last asked for, in milliseconds since 1970: old ones are grey and say since when. */
  readonly at?: number | undefined;
  /** Whether it fits between two joints and so goes below one as a whole. */
  readonly whole?: boolean;
  readonly children: ComponentChildren;
}

/** A panel. */
export function Panel({ wall, name, title, note, at, whole, children }: PanelProps) {
  const folded = wall.address.state.value.hide?.includes(name) ?? false;
  const old = at !== undefined && wall.now.value - at > OLD_MS;
  const word = tell(wall.lang.value, folded ? 'unfold' : 'fold');
  return (
    <section class={`panel panel-${name}${folded ? ' folded' : ''}${old ? ' old' : ''}${wall.drives.looked.value === name ? ' looked' : ''}`} aria-label={title} {...(whole ? { 'data-whole': true } : {})}>
      <div class="panel-head">
        <h2>{title}</h2>
        <span class="panel-note">{old ? say(wall.lang.value, 'staleSince', { time: clock(at) }) : note}</span>
        <button class="fold" type="button" aria-expanded={!folded} aria-label={`${word}: ${title}`} onClick={() => wall.fold(name)} />
      </div>
      {!folded && children}
    </section>
  );
}
