// Who is held for the event: how far they are, when it escalates, and what can be done; and the steps so far.

import { ago, clock, day, span, type Lang } from '../words/format';
import { movesOf, type Assignment, type LogStep, type Move } from './assignments';
import { say, type DeskWord } from './words';

/** What the list is given. */
export interface HeldProps {
  readonly lang: Lang;
  readonly held: readonly Assignment[];
  readonly now: number;
  readonly busy: boolean;
  readonly may: boolean;
  /** Whether the service knows arrivals. */
  readonly arrives: boolean;
  post(code: string): string;
  move(move: Move, a: Assignment): void;
}

/** Those who are held. */
export function Held(p: HeldProps) {
  if (p.held.length === 0) return null;
  return (
    <section class="held" aria-label={say(p.lang, 'held')}>
      <h3>{say(p.lang, 'held')}</h3>
      <ul class="plain">
        {p.held.map((a) => (
          <li key={a.responder} class={`held-row ${a.status}`}>
            <div>
              <b>{p.post(a.code)}</b> <span class="tag">{say(p.lang, `status_${a.status}` as DeskWord)}</span>{' '}
              <span class="quiet small">
                {say(p.lang, 'heldBy', { by: a.by })}
                {a.since !== undefined && ` · ${ago(p.now - a.since, p.lang)}`}
              </span>
            </div>
            {a.status === 'assigned' && a.escalateAt !== undefined && (
              <div class={p.now < a.escalateAt ? 'quiet small' : 'overdue small'}>
                {p.now < a.escalateAt ? say(p.lang, 'escalatesIn', { time: span(a.escalateAt - p.now, p.lang) }) : say(p.lang, 'escalated')}
                {a.told > 0 && ` · ${say(p.lang, 'toldSteps', { n: a.told })}`}
              </div>
            )}
            {a.reason && <div class="small">{a.reason}</div>}
            {p.may && (
              <div class="moves">
                {movesOf(a.status, p.arrives).map((m) => (
                  <button key={m} type="button" class="button small" disabled={p.busy} onClick={() => p.move(m, a)} data-move={m}>
                    {say(p.lang, m)}
                  </button>
                ))}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the log is given. */
export interface LogProps {
  readonly lang: Lang;
  readonly steps: readonly LogStep[];
  post(code: string): string;
  /** The title of an action. */
  action(value: string): string;
}

/** The steps that were taken, the newest first. */
export function DispatchLog({ lang, steps, post, action }: LogProps) {
  if (steps.length === 0) return null;
  return (
    <details class="fold log">
      <summary>
        {say(lang, 'log')} ({steps.length})
      </summary>
      <ol class="plain small">
        {steps.map((s) => (
          <li key={s.id}>
            <time dateTime={new Date(s.at).toISOString()}>
              {day(s.at).slice(5)} {clock(s.at)}
            </time>{' '}
            {action(s.action)} {post(s.code)} · {s.by}
            {s.override && <span class="tag">{say(lang, 'logOverride')}</span>} {s.reason && <span class="quiet">“{s.reason}”</span>}
          </li>
        ))}
      </ol>
    </details>
  );
}
