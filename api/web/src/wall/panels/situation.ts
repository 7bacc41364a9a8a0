// The numbers at the left: open events by level, and the last seven days of data.

import { el, setText } from '../../ui/dom';
import { count, day, type Lang } from '../../words/format';
import { say } from '../../words/text';
import { LEVELS, type DayFigure, type Figures } from '../figures';

/** Situation owns the panel of numbers. */
export class Situation {
  readonly element: HTMLElement;
  readonly #heading = el('h2');
  readonly #open = el('strong', { class: 'figure' });
  readonly #all = el('span', { class: 'figure-note' });
  readonly #levels = el('div', { class: 'levels' });
  readonly #daysHeading = el('h2');
  readonly #until = el('span', { class: 'figure-note' });
  readonly #bars = el('div', { class: 'bars' });
  readonly #sums = el('div', { class: 'sums' });

  /** `pick` is called with a level to narrow the list to, or with the chosen one again to widen it. */
  constructor(private readonly pick: (level: number) => void) {
    this.element = el(
      'section',
      { class: 'panel situation' },
      el('div', {}, el('div', { class: 'headline' }, this.#heading, this.#open, this.#all), this.#levels),
      el('div', {}, el('div', { class: 'headline' }, this.#daysHeading, this.#until), this.#bars, this.#sums),
    );
  }

  /** Shows numbers; undefined while they are not known, which is not the same as nought. */
  show(figures: Figures | undefined, level: number | undefined, lang: Lang): void {
    setText(this.#heading, say(lang, 'openEvents'));
    setText(this.#open, figures ? count(figures.open.reduce((a, b) => a + b, 0)) : '—');
    setText(this.#all, figures ? say(lang, 'ofAll', { n: count(figures.total) }) : '');
    this.#showLevels(figures, level, lang);
    setText(this.#daysHeading, say(lang, 'recent'));
    const last = figures?.days.at(-1);
    setText(this.#until, last ? say(lang, 'until', { day: day(last.start) }) : '');
    this.#bars.replaceChildren(...(figures?.days ?? []).map((d) => bar(d, figures?.days ?? [])));
    this.#sums.replaceChildren(...(figures ? sums(figures, lang) : []));
  }

  #showLevels(figures: Figures | undefined, chosen: number | undefined, lang: Lang): void {
    const top = Math.max(1, ...(figures?.open ?? []));
    const rows = [...LEVELS].reverse().map((level) => {
      const n = figures?.open[level - 1];
      const gauge = el('i', { class: 'gauge' });
      gauge.style.setProperty('--part', String((n ?? 0) / top));
      return el(
        'button',
        { class: `level level-${level}${chosen === level ? ' on' : ''}`, attrs: { type: 'button', 'aria-pressed': String(chosen === level) }, onclick: () => this.pick(level) },
        el('b', { class: 'chip' }, String(level)),
        el('span', { class: 'level-name' }, say(lang, 'level', { n: level })),
        gauge,
        el('strong', {}, n === undefined ? '—' : count(n)),
      );
    });
    this.#levels.replaceChildren(...rows);
  }
}

function bar(d: DayFigure, days: readonly DayFigure[]): HTMLElement {
  const top = Math.max(1, ...days.map((x) => x.count));
  const body = el('i');
  body.style.setProperty('--part', String(d.count / top));
  return el('div', { class: 'bar', title: `${day(d.start)}: ${d.count}` }, el('b', {}, count(d.count)), body, el('span', {}, day(d.start).slice(8)));
}

function sums(figures: Figures, lang: Lang): HTMLElement[] {
  const last = figures.days.at(-1);
  const sum = figures.days.reduce((n, d) => n + d.count, 0);
  const cell = (name: string, n: number): HTMLElement => el('div', {}, el('span', {}, name), el('strong', {}, count(n)));
  return [
    cell(say(lang, 'today'), last?.count ?? 0),
    cell(say(lang, 'sevenDays'), sum),
    cell(say(lang, 'closedOfThem'), figures.closedOfDays),
  ];
}
