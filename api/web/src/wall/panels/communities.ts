// What everyone may see at the right when events may not be: the communities and their size.

import { valueNumber, valueText, type Item } from '../../service/data';
import { el } from '../../ui/dom';
import { count, type Lang } from '../../words/format';
import { say } from '../../words/text';

/** CommunityList owns the panel of communities. */
export class CommunityList {
  readonly element = el('section', { class: 'panel community-list' });

  constructor(private readonly pick: (item: Item) => void) {}

  /** Shows the communities in order of code. */
  show(items: readonly Item[], lang: Lang): void {
    const sorted = [...items].sort((a, b) => valueText(a, 'code').localeCompare(valueText(b, 'code')));
    const rows = sorted.map((item) => {
      const unit = (word: 'gridsUnit' | 'householdsUnit' | 'residentsUnit', field: string): HTMLElement => el('span', {}, say(lang, word, { n: count(valueNumber(item, field) ?? 0) }));
      return el('li', {}, el('button', { class: 'community', attrs: { type: 'button' }, onclick: () => this.pick(item) },
        el('strong', {}, valueText(item, 'name')), unit('residentsUnit', 'residents'), unit('gridsUnit', 'grids'), unit('householdsUnit', 'households')));
    });
    this.element.replaceChildren(
      el('div', { class: 'panel-head' }, el('h2', {}, say(lang, 'communities'))),
      el('ol', { class: 'communities' }, ...rows),
      el('p', { class: 'note' }, say(lang, 'eventsNeedToken')),
    );
  }
}
