// The strip at the foot: who is on duty in each zone, and where nobody is.

import { coverOf, isStale, type Cover } from './duty';
import type { Area } from './areas';
import type { Span } from './plan';
import type { Wall } from './wall';
import { tell, type WallWord } from './words';

/** The strip, cut where screens meet; nothing for those who may not see responders. */
export function DutyStrip({ wall, foot }: { wall: Wall; foot: readonly Span[] }) {
  const { areas, duty } = wall.facts;
  const responders = duty.responders.value;
  if (!responders) return null;
  const communities = areas.value.of('communities');
  const covers = new Map(coverOf(areas.value.of('zones'), responders.values(), minute(wall)).map((c) => [c.zone.code, c]));
  const parts = share(communities, foot.length);
  return (
    <div class="duty" role="group" aria-label={tell(wall.lang.value, 'duty')}>
      {foot.map((span, i) => (
        <div key={i} class="duty-part" style={{ left: `${span.x}rem`, width: `${span.width}rem` }}>
          {i === 0 && <Sums wall={wall} covers={[...covers.values()]} n={responders.size} stale={[...responders.values()].filter((r) => isStale(r, minute(wall))).length} />}
          {parts[i]?.map((community) => (
            <Community key={community.code} wall={wall} community={community} covers={areas.value.in(community.code).flatMap((zone) => covers.get(zone.code) ?? [])} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Covers change with the minute, not with the second. */
const minute = (wall: Wall): number => Math.floor(wall.now.value / 60_000) * 60_000;

function Sums({ wall, covers, n, stale }: { wall: Wall; covers: readonly Cover[]; n: number; stale: number }) {
  const lang = wall.lang.value;
  const holes = covers.filter((c) => c.state === 'hole').length;
  return (
    <div class="duty-sums">
      <strong>{tell(lang, 'onDuty', { n })}</strong>
      <span>
        <span class={holes > 0 ? 'bad' : ''}>{holes > 0 ? tell(lang, 'holes', { n: holes }) : tell(lang, 'noHoles')}</span>
        {stale > 0 && ` · ${tell(lang, 'dutyStale')} ${stale}`}
      </span>
    </div>
  );
}

const STATE_WORDS: Readonly<Record<Cover['state'], WallWord>> = { free: 'dutyFree', busy: 'dutyBusy', stale: 'dutyStale', hole: 'dutyHole' };

function Community({ wall, community, covers }: { wall: Wall; community: Area; covers: readonly Cover[] }) {
  const lang = wall.lang.value;
  const chosen = wall.scope.value?.code;
  return (
    <div class="duty-community" style={{ flexGrow: covers.length }}>
      <button type="button" class={`duty-name${chosen === community.code ? ' on' : ''}`} onClick={() => wall.visit(community.code)}>
        {community.name.replace(/社区$/, '')}
      </button>
      <div class="duty-zones">
        {covers.map(({ zone, free, busy, stale, state }) => (
          <button
            key={zone.code}
            type="button"
            class={`duty-zone ${state}${chosen === zone.code ? ' on' : ''}`}
            aria-label={`${state === 'hole' ? '✕' : free}${busy > 0 ? `+${busy}` : ''} ${zone.name}: ${tell(lang, STATE_WORDS[state])}, ${tell(lang, 'dutyFree')} ${free}, ${tell(lang, 'dutyBusy')} ${busy}, ${tell(lang, 'dutyStale')} ${stale}`}
            onClick={() => wall.visit(zone.code)}
          >
            {state === 'hole' ? '✕' : free}
            <small>{busy > 0 ? `+${busy}` : ''}</small>
          </button>
        ))}
      </div>
    </div>
  );
}

/** Communities in order, as even as can be, one lot for each screen. */
function share(communities: readonly Area[], n: number): Area[][] {
  return Array.from({ length: n }, (_, i) => communities.slice(Math.round((i * communities.length) / n), Math.round(((i + 1) * communities.length) / n)));
}
