// What everyone may see at the right when events may not be: the communities and their size.

import { valueNumber } from '../../service/data';
import { count } from '../../words/format';
import { say } from '../../words/text';
import { Panel } from '../panel';
import type { Wall } from '../wall';

/** The panel, in order of code. */
export function CommunityList({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  return (
    <Panel wall={wall} name="communities" title={say(lang, 'communities')}>
      <ol class="communities">
        {wall.facts.areas.value.of('communities').map(({ code, name, item }) => {
          const unit = (word: 'gridsUnit' | 'householdsUnit' | 'residentsUnit', field: string): string => say(lang, word, { n: count(valueNumber(item, field) ?? 0) });
          return (
            <li key={code} data-whole>
              <button class="community" type="button" onClick={() => wall.visit(code)}>
                <strong>{name}</strong>
                <span>{unit('residentsUnit', 'residents')}</span>
                <span>{unit('gridsUnit', 'grids')}</span>
                <span>{unit('householdsUnit', 'households')}</span>
              </button>
            </li>
          );
        })}
      </ol>
      <p class="note">{say(lang, 'eventsNeedToken')}</p>
    </Panel>
  );
}
