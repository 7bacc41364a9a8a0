// A small dialog to enter or drop the token.

import { el, setText } from '../../ui/dom';
import type { Lang } from '../../words/format';
import { say } from '../../words/text';

/** TokenDialog owns the dialog; it is shown above everything and closed by Escape. */
export class TokenDialog {
  readonly element: HTMLDialogElement;
  readonly #title = el('h2');
  readonly #hint = el('p');
  readonly #input = el('input', { attrs: { type: 'password', autocomplete: 'off', spellcheck: 'false', name: 'token' } });
  readonly #ok = el('button', { class: 'strong', attrs: { type: 'submit', value: 'ok' } });
  readonly #cancel = el('button', { class: 'quiet', attrs: { type: 'button' }, onclick: () => this.element.close() });

  /** `done` is called with what was entered, undefined for the public view. */
  constructor(done: (token: string | undefined) => void) {
    const form = el('form', { attrs: { method: 'dialog' } }, this.#title, this.#input, this.#hint, el('div', { class: 'dialog-buttons' }, this.#cancel, this.#ok));
    form.addEventListener('submit', () => done(this.#input.value.trim() || undefined));
    this.element = el('dialog', { class: 'token-dialog' }, form);
  }

  /** Opens the dialog, empty. */
  open(lang: Lang): void {
    setText(this.#title, say(lang, 'tokenTitle'));
    setText(this.#hint, say(lang, 'tokenHint'));
    setText(this.#ok, say(lang, 'ok'));
    setText(this.#cancel, say(lang, 'cancel'));
    this.#input.value = '';
    if (!this.element.open) this.element.showModal();
    this.#input.focus();
  }
}
