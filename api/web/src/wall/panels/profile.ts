// The subdistrict in four numbers, for those who may not see its events.

import { valueNumber, type Item } from '../../service/data';
import { el } from '../../ui/dom';
import { count, type Lang } from '../../words/format';
import { say, type Word } from '../../words/text';

/** Profile owns the panel. */
export class Profile {
  readonly element = el('section', { class: 'panel profile' });

  /** Shows what is known; a number that is not is left out. */
  show(subdistrict: Item | undefined, counts: ReadonlyMap<string, number>, lang: Lang): void {
    const numbers: [Word, number | undefined][] = [
      ['communitiesName', counts.get('communities')],
      ['gridsName', counts.get('grids')],
      ['householdsName', subdistrict && valueNumber(subdistrict, 'households')],
      ['residentsName', subdistrict && valueNumber(subdistrict, 'residents')],
    ];
    const cells = numbers.flatMap(([word, n]) => (n === undefined ? [] : [el('div', {}, el('strong', {}, count(n)), el('span', {}, say(lang, word)))]));
    this.element.replaceChildren(el('h2', {}, say(lang, 'profile')), el('div', { class: 'profile-cells' }, ...cells));
  }
}
