// The filter in words, each part removable, and how many features it leaves.

import { count } from '../words/format';
import { chipsOf, EVERYTHING } from './filter';
import type { View } from './view';
import { say } from './words';

/** The bar of chips. `matched` is undefined while it is not known. */
export function Chips({ view, matched, error }: { view: View; matched: number | undefined; error: string | undefined }) {
  const { lang, layer, state } = view;
  const chips = chipsOf(state.filter, layer, view.areas.name, lang);
  return (
    <section class="chips" aria-label={say(lang, 'filter')}>
      <output class="matched" aria-live="polite" data-matched={matched}>
        {matched === undefined ? '…' : say(lang, 'matchedLong', { layer: layer.title[lang], n: count(matched) })}
      </output>
      {chips.map((chip) => (
        <button key={chip.key} type="button" class="chip" aria-label={say(lang, 'removeChip', { text: chip.text })} onClick={() => view.refilter(chip.without)}>
          <span>{chip.text}</span>
          <span aria-hidden="true">×</span>
        </button>
      ))}
      {chips.length > 1 && (
        <button type="button" class="chip clear" onClick={() => view.refilter(EVERYTHING)}>
          {say(lang, 'clearAll')}
        </button>
      )}
      {chips.length === 0 && <span class="quiet">{say(lang, 'noFilter')}</span>}
      {error !== undefined && (
        <p class="fault" role="alert">
          {error}
        </p>
      )}
    </section>
  );
}
