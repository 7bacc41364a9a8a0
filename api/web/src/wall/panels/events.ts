// The list at the right: the newest events, each where it is found and how far it has come.

import { valueNumber, valueText, valueTime, type Item } from '../../service/data';
import { el, setText } from '../../ui/dom';
import { moment, type Lang } from '../../words/format';
import { signPicture } from '../../map/shapes';
import { say } from '../../words/text';
import type { LegendEntry } from '../../map/style';

/** What the list needs to word an event. */
export interface EventWords {
  readonly lang: Lang;
  /** The title of a code of a field of events. */
  code(field: string, value: string): string;
  /** The name of a community by its code. */
  community(code: string): string;
  /** The sign of a severity. */
  sign(severity: string): LegendEntry;
}

/** How long an event is marked as new. */
const NEW_MS = 20_000;

/** EventList owns the panel of events. */
export class EventList {
  readonly element: HTMLElement;
  readonly #heading = el('h2');
  readonly #filter: HTMLButtonElement;
  readonly #rows = el('ol', { class: 'events' });
  readonly #note = el('p', { class: 'note' });
  readonly #times = new Map<HTMLElement, number>();
  readonly #fresh = new Map<number, number>();

  /** `pick` is called with the event that was clicked, `widen` when the list is to show all levels again. */
  constructor(
    private readonly pick: (item: Item) => void,
    widen: () => void,
  ) {
    this.#filter = el('button', { class: 'quiet', attrs: { type: 'button' }, onclick: widen });
    this.element = el('section', { class: 'panel event-list' }, el('div', { class: 'panel-head' }, this.#heading, this.#filter), this.#rows, this.#note);
  }

  /** Shows events, the newest first. Rows of events that were there already stay as they are. */
  show(items: readonly Item[] | undefined, level: number | undefined, now: number, words: EventWords): void {
    setText(this.#heading, say(words.lang, 'latest'));
    this.#filter.hidden = level === undefined;
    if (level !== undefined) setText(this.#filter, `${say(words.lang, 'onlyLevel', { n: level })} ✕`);
    this.#note.hidden = items === undefined || items.length > 0;
    setText(this.#note, say(words.lang, 'noEvents'));
    this.#times.clear();
    this.#rows.replaceChildren(...(items ?? []).map((item) => this.#row(item, words)));
    this.tick(now, words.lang);
  }

  /** Marks an event as new for a while. */
  mark(id: number, now: number): void {
    this.#fresh.set(id, now);
  }

  /** Lets the ages in the list grow. */
  tick(now: number, lang: Lang): void {
    for (const [node, at] of this.#times) setText(node, moment(at, now, lang));
    for (const [id, since] of this.#fresh) if (now - since > NEW_MS) this.#fresh.delete(id);
    for (const row of this.#rows.children) row.classList.toggle('new', this.#fresh.has(Number((row as HTMLElement).dataset['id'])));
  }

  #row(item: Item, words: EventWords): HTMLElement {
    const level = valueNumber(item, 'level');
    const stage = valueText(item, 'stage');
    const sign = words.sign(valueText(item, 'severity'));
    const community = valueText(item, 'community');
    const time = el('time');
    const at = valueTime(item, 'reported_at');
    if (at !== undefined) this.#times.set(time, at);
    const done = stage === 'closed' || stage === 'cancelled';
    return el(
      'li',
      { class: `event${done ? ' done' : ''}${this.#fresh.has(item.id) ? ' new' : ''}`, attrs: { 'data-id': String(item.id) } },
      el('button', { class: 'event-body', attrs: { type: 'button' }, onclick: () => this.pick(item) },
        signPicture(done ? 'dot' : sign.shape, done ? '#8fa6bd' : sign.color),
        el('span', { class: 'event-title' }, valueText(item, 'title') || words.code('category', valueText(item, 'category')) || valueText(item, 'code')),
        level === undefined ? undefined : el('b', { class: `chip chip-${level}` }, String(level)),
        el('span', { class: 'event-more' }, el('span', {}, community ? words.community(community) : say(words.lang, 'outside')), el('em', {}, words.code('stage', stage)), time),
      ),
    );
  }
}
