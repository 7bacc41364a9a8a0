// The subdistrict in four numbers, for those who may not see its events.

import { valueNumber } from '../../service/data';
import { count } from '../../words/format';
import { say, type Word } from '../../words/text';
import { Panel } from '../panel';
import type { Wall } from '../wall';

/** The panel; a number that is not known is left out. */
export function Profile({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const item = (wall.scope.value ?? wall.facts.areas.value.root)?.item;
  const numbers: [Word, number | undefined][] = [
    ['communitiesName', wall.facts.card('communities')?.count],
    ['gridsName', wall.facts.card('grids')?.count],
    ['householdsName', item && valueNumber(item, 'households')],
    ['residentsName', item && valueNumber(item, 'residents')],
  ];
  return (
    <Panel wall={wall} name="profile" title={say(lang, 'profile')}>
      <div class="profile-cells">
        {numbers.map(([word, n]) => n !== undefined && (
          <div key={word}>
            <strong>{count(n)}</strong>
            <span>{say(lang, word)}</span>
          </div>
        ))}
      </div>
    </Panel>
  );
}
