// The newest events: what, where, how far it has come.

import { valueNumber, valueText, valueTime, type Item } from '../../service/data';
import { moment } from '../../words/format';
import { say } from '../../words/text';
import { Panel } from '../panel';
import { Sign } from '../sign';
import type { Wall } from '../wall';
import { signOf, wordOf } from '../wording';

const NEW_MS = 20_000;

/** The panel; as many rows as have room. */
export function EventList({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const { level } = wall.address.state.value;
  const items = wall.drives.playback.on.value ? wall.drives.playback.newest(30, level) : wall.facts.feed.items.value;
  const widen = level !== undefined && (
    <button class="quiet" type="button" onClick={() => wall.pickLevel(undefined)}>
      {say(lang, 'onlyLevel', { n: level })} ✕
    </button>
  );
  return (
    <Panel wall={wall} name="events" title={say(lang, 'latest')} note={widen}>
      <ol class="events">
        {items?.map((item) => (
          <EventRow key={item.id} wall={wall} item={item} />
        ))}
      </ol>
      {items?.length === 0 && <p class="note">{say(lang, 'noEvents')}</p>}
    </Panel>
  );
}

/** One event of a list. */
export function EventRow({ wall, item }: { wall: Wall; item: Item }) {
  const lang = wall.lang.value;
  const level = valueNumber(item, 'level');
  const stage = valueText(item, 'stage');
  const done = stage === 'closed' || stage === 'cancelled';
  const sign = signOf(wall, valueText(item, 'severity'));
  const community = valueText(item, 'community');
  const since = wall.marked.value.get(item.id);
  const fresh = since !== undefined && wall.now.value - since < NEW_MS;
  return (
    <li class={`event${done ? ' done' : ''}${fresh ? ' new' : ''}`} data-id={item.id} data-whole>
      <button class="event-body" type="button" onClick={() => wall.open(item)}>
        <Sign shape={done ? 'dot' : sign.shape} color={done ? '#8fa6bd' : sign.color} />
        <span class="event-title">{valueText(item, 'title') || wordOf(wall, 'category', valueText(item, 'category'))}</span>
        {level !== undefined && <b class={`chip chip-${level}`}>{level}</b>}
        <span class="event-more">
          <span>{community ? wall.facts.areas.value.name(community).replace(/社区$/, '') : say(lang, 'outside')}</span>
          <em>{wordOf(wall, 'stage', stage)}</em>
          <EventTime wall={wall} at={valueTime(item, 'reported_at')} />
        </span>
      </button>
    </li>
  );
}

function EventTime({ wall, at }: { wall: Wall; at: number | undefined }) {
  return <time>{at === undefined ? '' : moment(at, wall.time.value, wall.lang.value)}</time>;
}
