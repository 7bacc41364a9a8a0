// The top of the card: which event it is, how severe, how far, and how much time is left.

import { clock, day, type Lang } from '../words/format';
import { dueOf, dueText } from './deadline';
import type { DeskEvent } from './events';
import { DeadlineLight } from './light';
import { Severity } from './severity';
import { say } from './words';
import type { WorkCalendar } from './worktime';

/** What the head is given. */
export interface EventHeadProps {
  readonly lang: Lang;
  readonly event: DeskEvent;
  readonly now: number;
  readonly calendar: WorkCalendar | undefined;
  readonly severities: readonly string[];
  title(field: string, value: string): string;
}

/** The head of an event. */
export function EventHead({ lang, event: e, now, calendar, severities, title }: EventHeadProps) {
  const due = dueOf(e.reported, e.deadline, now, calendar);
  const minute = (at: number): string => `${day(at)} ${clock(at).slice(0, 5)}`;
  return (
    <div class="event-head">
      <h2>{e.title || title('category', e.category)}</h2>
      <p class="tags">
        <Severity place={severities.indexOf(e.severity)} title={title('severity', e.severity)} />
        <span>{say(lang, 'level', { n: e.level })}</span>
        <span>{title('category', e.category)}</span>
        <span class="tag">{title('stage', e.stage)}</span>
      </p>
      <p class={`due ${due.light}`}>
        <DeadlineLight light={due.light} lang={lang} /> <b>{dueText(due, lang)}</b>
        {e.deadline !== undefined && (
          <span class="quiet" title={say(lang, due.working ? 'workingTime' : 'calendarTime')}>
            {say(lang, 'deadline')} {minute(e.deadline)}
          </span>
        )}
      </p>
      <p class="quiet small">
        {say(lang, 'code')} {e.code} · {say(lang, 'reported')} {minute(e.reported)}
      </p>
    </div>
  );
}
