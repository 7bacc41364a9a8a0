// An event of the highest level fills the wall until a person has seen it; others wait their turn.

import { useLayoutEffect, useRef } from 'preact/hooks';
import { valueText, valueTime } from '../service/data';
import { clock, day } from '../words/format';
import { say } from '../words/text';
import type { Alarm } from './alarms';
import { Sign } from './sign';
import type { Wall } from './wall';
import { signOf, wordOf } from './wording';
import { tell } from './words';

/** The card over the wall; nothing while nothing of that level is unseen. */
export function Takeover({ wall }: { wall: Wall }) {
  const [first, ...others] = wall.alarms.queue.value;
  return first ? <Card key={first.item.id} wall={wall} alarm={first} waiting={others.length} /> : null;
}

function Card({ wall, alarm: { item, level }, waiting }: { wall: Wall; alarm: Alarm; waiting: number }) {
  const lang = wall.lang.value;
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => wall.alarms.see([item.id]);
  const visit = (): void => {
    close();
    wall.enter(item.id);
  };
  useLayoutEffect(() => { // before anything is painted: no key goes to the wall behind
    button.current?.focus();
    return wall.keys.add({ Escape: close, Enter: close, Backspace: close });
  }, []);
  const sign = signOf(wall, valueText(item, 'severity'));
  const at = valueTime(item, 'reported_at');
  return (
    <div class="takeover" role="alertdialog" aria-modal="true" aria-labelledby="takeover-title">
      <div class="takeover-card">
        <p class="takeover-head">
          <Sign shape={sign.shape} color={sign.color} />
          {tell(lang, 'takeover')} · {say(lang, 'level', { n: level })}
        </p>
        <h2 id="takeover-title">{valueText(item, 'title')}</h2>
        <p>
          {wall.placeOf(item)} · {wordOf(wall, 'category', valueText(item, 'category'))} · {wordOf(wall, 'stage', valueText(item, 'stage'))}
        </p>
        {at !== undefined && <p>{`${day(at)} ${clock(at)}`}</p>}
        <div class="takeover-foot">
          <button ref={button} class="strong" type="button" onClick={close}>
            {tell(lang, 'see')} (Enter)
          </button>
          <button class="quiet" type="button" onClick={visit}>
            {tell(lang, 'goThere')}
          </button>
          {waiting > 0 && <span>{tell(lang, 'waiting', { n: waiting })}</span>}
        </div>
        <p class="note">{tell(lang, 'seeHint')}</p>
      </div>
    </div>
  );
}
