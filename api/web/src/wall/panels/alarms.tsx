// What came in and nobody at this wall has seen: one by one, or in a flood by place and kind.

import { valueText } from '../../service/data';
import { ago } from '../../words/format';
import { say } from '../../words/text';
import type { Alarm, AlarmGroup } from '../alarms';
import { Panel } from '../panel';
import { Sign } from '../sign';
import type { Wall } from '../wall';
import { signOf, wordOf } from '../wording';
import { tell } from '../words';

const MOST = 6;

/** The panel; it is there while something was not seen, and where there is room always. */
export function AlarmPanel({ wall, always }: { wall: Wall; always?: boolean }) {
  const lang = wall.lang.value;
  const { alarms } = wall;
  const unseen = alarms.list.value.filter((a) => !a.seen);
  if (unseen.length === 0 && !always) return null;
  const flood = alarms.flood.value;
  const rate = alarms.rate.value;
  const sound = wall.address.state.value.sound ?? false;
  return (
    <Panel wall={wall} name="alarms" title={tell(lang, flood ? 'floodTitle' : 'alarms')} note={tell(lang, rate === 0 ? 'calm' : 'alarmRate', { n: rate })}>
      <div class={flood ? 'flood' : ''} aria-live="polite">
        {flood && <p class="note">{tell(lang, 'floodHint')}</p>}
        <ol class="alarms">
          {flood
            ? alarms.groups().slice(0, MOST).map((group) => <GroupRow key={`${group.area} ${group.category}`} wall={wall} group={group} />)
            : unseen.slice(0, MOST).map((alarm) => <AlarmRow key={alarm.item.id} wall={wall} alarm={alarm} />)}
        </ol>
      </div>
      {unseen.length > 0 && (
        <div class="alarm-foot">
          <span>{tell(lang, 'seeHint')}</span>
          <button class={`quiet${sound ? ' on' : ''}`} type="button" aria-pressed={sound} onClick={() => wall.switchSound()}>
            {tell(lang, 'sound')}
          </button>
          <button class="quiet" type="button" onClick={() => alarms.see(unseen.map((a) => a.item.id))}>
            {tell(lang, 'seeAll')}
          </button>
        </div>
      )}
    </Panel>
  );
}

function AlarmRow({ wall, alarm }: { wall: Wall; alarm: Alarm }) {
  const { item, level, at } = alarm;
  const sign = signOf(wall, valueText(item, 'severity'));
  return (
    <li class={`alarm alarm-${level}`} data-whole>
      <button class="alarm-body" type="button" onClick={() => wall.open(item)}>
        <Sign shape={sign.shape} color={sign.color} />
        <strong>{valueText(item, 'title')}</strong>
        <span>
          {wall.placeOf(item)} · {ago(wall.now.value - at, wall.lang.value)}
        </span>
      </button>
      <See wall={wall} ids={[item.id]} />
    </li>
  );
}

function GroupRow({ wall, group }: { wall: Wall; group: AlarmGroup }) {
  const lang = wall.lang.value;
  const area = group.area === '' ? say(lang, 'outside') : wall.facts.areas.value.name(group.area).replace(/社区$/, '');
  return (
    <li class={`alarm alarm-${group.level}`} data-whole>
      <button class="alarm-body" type="button" onClick={() => wall.list({ id: group.ids.join(',') })}>
        <b class={`chip chip-${group.level}`}>{group.level}</b>
        <strong>
          {area} {tell(lang, 'pieces', { n: group.count })} {wordOf(wall, 'category', group.category)}
        </strong>
        <span>{ago(wall.now.value - group.last, lang)}</span>
      </button>
      <See wall={wall} ids={group.ids} />
    </li>
  );
}

function See({ wall, ids }: { wall: Wall; ids: readonly number[] }) {
  return (
    <button class="quiet" type="button" onClick={() => wall.alarms.see(ids)}>
      {tell(wall.lang.value, 'see')}
    </button>
  );
}
