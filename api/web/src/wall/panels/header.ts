// The head of the wall: whose map it is, what time it is, and whether what is shown may be believed.

import { el, setText } from '../../ui/dom';
import { ago, clock, day, span, weekday, type Lang } from '../../words/format';
import type { Health, Trouble } from '../../service/health';
import { say, type Word } from '../../words/text';

/** What the head shows; times in milliseconds since 1970 of this computer's clock. */
export interface HeaderView {
  readonly lang: Lang;
  readonly place: string;
  readonly now: number;
  readonly health: Health;
  /** How many milliseconds ago the last change came; undefined when none has. */
  readonly changeAge?: number;
  readonly publicView: boolean;
  readonly tokenRefused: boolean;
  /** What the service says of itself when it is not ready. */
  readonly trouble?: Trouble;
}

/** Listeners of the buttons. */
export interface HeaderActions {
  token(): void;
  language(): void;
  home(): void;
  tour(): void;
  fullscreen(): void;
}

const WORDS: Readonly<Record<Health['kind'], Word>> = { joining: 'joining', live: 'live', reconnecting: 'reconnecting', stale: 'stale' };

/** Header owns the top strip. */
export class Header {
  readonly element: HTMLElement;
  readonly #clock = el('span', { class: 'clock' });
  readonly #date = el('span', { class: 'date' });
  readonly #title = el('h1');
  readonly #subtitle = el('p');
  readonly #state = el('div', { class: 'state', attrs: { role: 'status' } });
  readonly #stateWord = el('strong');
  readonly #stateAge = el('span');
  readonly #change = el('span', { class: 'change' });
  readonly #badge: HTMLButtonElement;
  /** What the service says of itself when it is not ready; placed by the wall. */
  readonly trouble = el('div', { class: 'trouble', attrs: { role: 'alert' } });
  readonly #buttons: Record<'home' | 'tour' | 'fullscreen' | 'other', HTMLButtonElement>;

  constructor(actions: HeaderActions) {
    const button = (onclick: () => void): HTMLButtonElement => el('button', { class: 'quiet', attrs: { type: 'button' }, onclick });
    this.#buttons = { home: button(() => actions.home()), tour: button(() => actions.tour()), fullscreen: button(() => actions.fullscreen()), other: button(() => actions.language()) };
    this.#badge = button(() => actions.token());
    this.#badge.classList.add('badge');
    this.#state.append(el('i', { class: 'lamp' }), this.#stateWord, this.#stateAge);
    this.element = el(
      'header',
      { class: 'head' },
      el('div', { class: 'head-left' }, this.#clock, this.#date),
      el('div', { class: 'head-title' }, this.#title, this.#subtitle),
      el('div', { class: 'head-right' },
        el('div', { class: 'head-state' }, this.#state, this.#change),
        el('div', { class: 'head-buttons' }, this.#badge, ...Object.values(this.#buttons)),
      ),
    );
  }

  /** Shows a state of things; called every second. */
  show(view: HeaderView, touring: boolean): void {
    const { lang, now, health } = view;
    setText(this.#clock, clock(now));
    setText(this.#date, `${day(now)} ${weekday(now, lang)}`);
    setText(this.#title, `${view.place} ${say(lang, 'oneMap')}`.trim());
    setText(this.#subtitle, say(lang, 'subtitle'));
    this.#state.dataset['kind'] = health.kind;
    setText(this.#stateWord, say(lang, WORDS[health.kind]));
    setText(this.#stateAge, stateText(health, now, lang));
    setText(this.#change, view.changeAge === undefined ? say(lang, 'noChange') : say(lang, 'lastChange', { age: ago(view.changeAge, lang) }));
    this.#showBadge(view);
    this.#showTrouble(view);
    for (const name of ['home', 'fullscreen', 'other'] as const) setText(this.#buttons[name], say(lang, name));
    setText(this.#buttons.tour, say(lang, touring ? 'touring' : 'tour'));
    this.#buttons.tour.classList.toggle('on', touring);
  }

  #showBadge(view: HeaderView): void {
    this.#badge.hidden = !view.publicView;
    this.#badge.classList.toggle('refused', view.tokenRefused);
    const word = view.tokenRefused ? say(view.lang, 'tokenRefused') : `${say(view.lang, 'publicView')} · ${say(view.lang, 'publicViewOther')}`;
    setText(this.#badge, word);
    this.#badge.title = say(view.lang, 'enterToken');
  }

  #showTrouble({ trouble, lang }: HeaderView): void {
    this.trouble.hidden = trouble === undefined;
    if (!trouble) return;
    const age = trouble.recordAge === undefined ? '' : ` · ${say(lang, 'recordAge', { age: ago(trouble.recordAge, lang) })}`;
    setText(this.trouble, `${say(lang, 'degraded')}: ${trouble.reason}${age}`);
  }
}

/** What stands beside the word for the state: the age of the data, always. */
export function stateText(health: Health, now: number, lang: Lang): string {
  switch (health.kind) {
    case 'joining':
      return '';
    case 'live':
      return say(lang, 'dataAge', { age: ago(health.age, lang) });
    case 'reconnecting':
      return `${say(lang, 'attempt', { n: Math.max(1, health.failures) })} · ${say(lang, 'dataAge', { age: ago(health.age, lang) })}`;
    case 'stale':
      return `${say(lang, 'staleSince', { time: clock(now - health.age) })} (${span(health.age, lang)})`;
  }
}
