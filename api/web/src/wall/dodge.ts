// Rows of lists step aside from the joints between the screens of a wall.

/** A row from top to bottom, in pixels. */
export interface Row {
  readonly top: number;
  readonly bottom: number;
}

/** How far a row has to go down so that it crosses none of the joints, each with some air around it. */
export function shiftOf({ top, bottom }: Row, joints: readonly number[], air: number): number {
  const height = bottom - top;
  let at = top;
  for (const joint of [...joints].sort((a, b) => a - b)) if (at < joint + air && at + height > joint - air) at = joint + air;
  return at - top;
}

/** Keeps the rows marked data-whole under an element clear of the joints; the function returned ends that. */
export function keepClear(root: HTMLElement, joints: readonly number[], air: number): () => void {
  if (joints.length === 0) return () => undefined;
  const clear = (): void => {
    const rows = [...root.querySelectorAll<HTMLElement>('[data-whole]')];
    for (const row of rows) row.style.marginTop = '';
    for (const row of rows) {
      const shift = shiftOf(row.getBoundingClientRect(), joints, air);
      if (shift > 0) row.style.marginTop = `${shift}px`;
    }
  };
  const watch = new MutationObserver(clear);
  watch.observe(root, { childList: true, subtree: true });
  clear();
  return () => {
    watch.disconnect();
    for (const row of root.querySelectorAll<HTMLElement>('[data-whole]')) row.style.marginTop = '';
  };
}
