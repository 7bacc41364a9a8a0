// What must be said over the map: trouble of the service, and a serious new event.

import { valueText } from '../service/data';
import { say } from '../words/text';
import type { Wall } from './wall';

/** The lines; what is wrong with the service outranks an event. */
export function Notices({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const trouble = wall.connection.trouble.value;
  const alarm = wall.alarms.banner.value;
  return (
    <div class="notices">
      {trouble !== undefined && (
        <div class="trouble" role="alert">
          {say(lang, 'degraded')}: {trouble}
        </div>
      )}
      {alarm && (
        <div class="notice alarm" role="alert">
          <button type="button" onClick={() => wall.open(alarm.item)}>
            {[say(lang, 'newEvent'), say(lang, 'level', { n: alarm.level }), valueText(alarm.item, 'title'), wall.placeOf(alarm.item)].join(' · ')}
          </button>
        </div>
      )}
    </div>
  );
}
