// The subdistrict, or the scope, in four numbers, for those who may not see its events.

import { valueNumber } from '../../service/data';
import { count } from '../../words/format';
import { say, type Word } from '../../words/text';
import type { AreaLayer } from '../areas';
import { Panel } from '../panel';
import type { Wall } from '../wall';

/** The panel; a number that is not known is left out. */
export function Profile({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const scope = wall.scope.value;
  const areas = wall.facts.areas.value;
  const item = (scope ?? areas.root)?.item;
  const inside = (layer: AreaLayer): number | undefined => {
    if (!scope) return wall.facts.card(layer)?.count;
    return areas.of(layer).filter((area) => area !== scope && areas.holds(scope.code, area.code)).length || undefined;
  };
  const numbers: [Word, number | undefined][] = [
    ['communitiesName', inside('communities')],
    ['gridsName', inside('grids')],
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
