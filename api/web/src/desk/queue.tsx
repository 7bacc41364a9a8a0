// The queue: open events by severity and deadline, one of which is looked at.

import type { Lang } from '../words/format';
import { dueOf, dueText } from './deadline';
import type { DeskEvent } from './events';
import { DeadlineLight } from './light';
import { Severity } from './severity';
import { say } from './words';
import type { WorkCalendar } from './worktime';

/** What the queue is given. */
export interface QueueProps {
  readonly lang: Lang;
  readonly events: readonly DeskEvent[];
  readonly chosen: number | undefined;
  readonly now: number;
  readonly calendar: WorkCalendar | undefined;
  /** The severities in rising order. */
  readonly severities: readonly string[];
  title(field: string, value: string): string;
  /** The name of an event's community and grid. */
  where(event: DeskEvent): string;
  /** The posts of those who are held for an event. */
  held(event: DeskEvent): readonly string[];
  open(id: number): void;
}

/** The list. Up and down go from row to row, Enter opens. */
export function Queue(p: QueueProps) {
  if (p.events.length === 0) return <p class="quiet queue-empty">{say(p.lang, 'emptyQueue')}</p>;
  const first = p.events.some((e) => e.id === p.chosen) ? p.chosen : p.events[0]?.id;
  return (
    <ol class="queue-rows">
      {p.events.map((e) => (
        <QueueRow key={e.id} {...p} event={e} reached={e.id === first} />
      ))}
    </ol>
  );
}

function QueueRow({ event: e, reached, ...p }: QueueProps & { readonly event: DeskEvent; readonly reached: boolean }) {
  const due = dueOf(e.reported, e.deadline, p.now, p.calendar);
  const held = p.held(e);
  return (
    <li>
      <button
        type="button"
        class={`queue-row s${Math.max(0, p.severities.indexOf(e.severity)) + 1}`}
        tabIndex={reached ? 0 : -1}
        data-event={e.id}
        {...(e.id === p.chosen ? { 'aria-current': 'true' as const } : {})}
        onClick={() => p.open(e.id)}
      >
        <DeadlineLight light={due.light} lang={p.lang} />
        <span class="queue-title">{e.title || p.title('category', e.category)}</span>
        <Severity place={p.severities.indexOf(e.severity)} title={p.title('severity', e.severity)} />
        <span class={`queue-due ${due.light}`}>{dueText(due, p.lang)}</span>
        <span class="queue-where">{[p.where(e), p.title('stage', e.stage), say(p.lang, 'level', { n: e.level })].filter(Boolean).join(' · ')}</span>
        {held.length > 0 && <span class="queue-held">➜ {held.join(', ')}</span>}
      </button>
    </li>
  );
}

/** Moves the focus to the row before (-1) or after (1) the one that has it, or to the one that can be reached. */
export function stepQueue(root: ParentNode, by: number): void {
  const rows = [...root.querySelectorAll<HTMLButtonElement>('.queue-row')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const reached = rows.findIndex((row) => row.tabIndex === 0);
  const next = at < 0 ? rows[reached] : rows[Math.max(0, Math.min(rows.length - 1, at + by))];
  next?.focus();
  next?.scrollIntoView?.({ block: 'nearest' });
}
