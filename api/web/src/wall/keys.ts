// The keyboard of the wall, which a presenter's remote is too.

/** What keys do, by the names of KeyboardEvent.key. */
export type Actions = Readonly<Record<string, () => void>>;

/** Keys gives a key to whoever asked for it last: a card over the wall before the wall. */
export class Keys {
  readonly #layers: Actions[] = [];

  /** Begins to listen to a window. */
  listen(window: Window): void {
    window.addEventListener('keydown', (e) => this.press(e));
  }

  /** Lays actions over those that are there; the function returned takes them away. */
  add(actions: Actions): () => void {
    this.#layers.push(actions);
    return () => {
      const at = this.#layers.indexOf(actions);
      if (at >= 0) this.#layers.splice(at, 1);
    };
  }

  /** Does what a key asks for. Keys of a person who types, or who presses a button by Space or Enter, are left alone. */
  press(e: KeyboardEvent): void {
    if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented) return; // the map with the focus moves by arrows
    if (e.target instanceof HTMLInputElement || e.target instanceof HTMLSelectElement) return;
    if (document.querySelector('dialog[open]')) return;
    if ((e.key === ' ' || e.key === 'Enter') && e.target instanceof HTMLButtonElement) return;
    const action = this.#layers.findLast((layer) => layer[e.key])?.[e.key];
    if (!action) return;
    e.preventDefault();
    action();
  }
}
