// One line over the map for what must be said now: a serious new event, a map that cannot be drawn.

import { el, setText } from '../../ui/dom';

/** How long an alarm stays. */
const ALARM_MS = 20_000;

/** Notice owns the line. At most one thing is said at a time; what is wrong with the page outranks an alarm. */
export class Notice {
  readonly element = el('div', { class: 'notice', attrs: { role: 'alert' } });
  #fault = '';
  #alarm = '';
  #until = 0;

  constructor() {
    this.element.hidden = true;
  }

  /** Says what is wrong with the page; "" when it is right again. */
  fault(text: string): void {
    this.#fault = text;
    this.#show();
  }

  /** Announces something serious for a while. */
  alarm(text: string, now: number): void {
    this.#alarm = text;
    this.#until = now + ALARM_MS;
    this.#show();
  }

  /** Lets an alarm end. */
  tick(now: number): void {
    if (this.#alarm === '' || now < this.#until) return;
    this.#alarm = '';
    this.#show();
  }

  #show(): void {
    const text = this.#fault || this.#alarm;
    this.element.hidden = text === '';
    this.element.classList.toggle('alarm', this.#fault === '' && text !== '');
    setText(this.element, text);
  }
}
