// Sending, undoing and moving people on from the desk, and saying what became of it.

import { signal, type Signal } from '@preact/signals';
import { ConflictError, ProblemError, RefusedError } from '../service/client';
import { langOf } from '../ui/shell';
import { binds, type Move } from './assignments';
import type { Desk, Subject } from './model';
import { Orders, UNDO_MS, type Target } from './orders';
import type { Candidate } from './ranking';
import { say, type DeskWord } from './words';

/** What the desk tells of the last order. */
export interface Notice {
  readonly kind: 'good' | 'conflict' | 'bad';
  readonly text: string;
  /** The service's own sentence. */
  readonly detail?: string;
  /** Until when somebody who was sent can be taken back without a question. */
  readonly undo?: { readonly responder: number; readonly post: string; readonly until: number };
}

/** A question for a reason: to send somebody who is not first, or to move somebody. */
export type Asking =
  | { readonly kind: 'send'; readonly candidate: Candidate; readonly first: string; readonly subject: Subject }
  | { readonly kind: 'move'; readonly move: Move; readonly responder: number; readonly post: string };

/** Dispatching gives the orders of the page, one at a time. */
export class Dispatching {
  readonly notice: Signal<Notice | undefined> = signal(undefined);
  readonly asking: Signal<Asking | undefined> = signal(undefined);
  readonly busy: Signal<boolean> = signal(false);
  /** A reason that was written and not yet accepted: it is not lost by a conflict. */
  readonly draft: Signal<string> = signal('');
  readonly #orders: Orders;

  constructor(
    private readonly desk: Desk,
    private readonly clock: () => number,
  ) {
    this.#orders = new Orders(desk.connection.client, () => crypto.randomUUID());
  }

  /** Sends a candidate to what is looked at; asks for a reason where they are not first. */
  send(candidate: Candidate): void {
    const subject = this.desk.subject.peek();
    if (!subject || !this.desk.mayDispatch.peek() || this.busy.peek()) return;
    const first = this.desk.candidates.peek()[0];
    if (candidate.rank > 1) this.asking.value = { kind: 'send', candidate, first: first?.post ?? '', subject };
    else void this.#send(candidate, subject, '');
  }

  /** Answers the question that is asked with a reason. */
  async answer(reason: string): Promise<void> {
    const asking = this.asking.peek();
    if (!asking || this.busy.peek()) return;
    this.draft.value = reason;
    const done = asking.kind === 'send' ? await this.#send(asking.candidate, asking.subject, reason) : await this.#move(asking.move, asking.responder, asking.post, reason);
    if (done) this.draft.value = '';
    this.asking.value = undefined;
  }

  /** Moves somebody on. Who was sent is only taken back with a reason. */
  move(move: Move, responder: number, post: string, status: string): void {
    if (!this.desk.mayDispatch.peek() || this.busy.peek()) return;
    if (move === 'refuse' || (move === 'release' && status !== 'reserved')) this.asking.value = { kind: 'move', move, responder, post };
    else void this.#move(move, responder, post, '');
  }

  /** Takes back who was sent a moment ago. */
  undo(): void {
    const undo = this.notice.peek()?.undo;
    if (!undo || this.busy.peek() || this.clock() > undo.until) return;
    const lang = this.#lang();
    void this.#do(
      () => this.#orders.move('release', undo.responder, say(lang, 'undoReason')),
      () => ({ kind: 'good', text: say(lang, 'undone', { who: undo.post }) }),
      undo,
    );
  }

  #lang() {
    return langOf(this.desk.address.state.peek());
  }

  #send(candidate: Candidate, subject: Subject, reason: string): Promise<boolean> {
    const target: Target = subject.kind === 'event' ? { event: subject.id } : { at: subject.at, level: subject.level };
    return this.#do(
      () => this.#orders.send(candidate.id, target, reason),
      () => ({
        kind: 'good',
        text: say(this.#lang(), 'sentTo', { who: candidate.post }),
        undo: { responder: candidate.id, post: candidate.post, until: this.clock() + UNDO_MS },
      }),
      { responder: candidate.id, post: candidate.post },
    );
  }

  #move(move: Move, responder: number, post: string, reason: string): Promise<boolean> {
    return this.#do(
      () => this.#orders.move(move, responder, reason),
      () => ({ kind: 'good', text: say(this.#lang(), `moved_${move}`, { who: post }) }),
      { responder, post },
    );
  }

  /** Does one thing at a time; afterwards the page shows what is true, however it ended. */
  async #do(order: () => Promise<void>, told: () => Notice, who: { responder: number; post: string }): Promise<boolean> {
    this.busy.value = true;
    try {
      await order();
      this.notice.value = told();
      void this.desk.again();
      return true;
    } catch (error) {
      await Promise.race([this.desk.again(), new Promise((resolve) => setTimeout(resolve, 3000))]); // what is now true
      this.notice.value = this.#failure(error, who);
      return false;
    } finally {
      this.busy.value = false;
    }
  }

  /** Says why an order was not done, and what is now true. */
  #failure(error: unknown, who: { responder: number; post: string }): Notice {
    const lang = this.#lang();
    if (!(error instanceof ProblemError)) return { kind: 'bad', text: say(lang, 'unreachable') };
    if (error instanceof RefusedError) return { kind: 'bad', text: say(lang, 'refusedWrite'), detail: error.message };
    const held = this.desk.assignments.peek().find((a) => a.responder === who.responder && binds(a, this.clock()));
    if (held && (error instanceof ConflictError || error.field === 'responder')) {
      const event = this.desk.events.peek().find((e) => e.id === held.event)?.title ?? (held.event === undefined ? say(lang, 'otherPlace') : `#${held.event}`);
      const status = say(lang, `status_${held.status}` as DeskWord);
      return { kind: 'conflict', text: say(lang, 'conflictHeld', { who: who.post, by: held.by, status, event }), detail: error.message };
    }
    const event = this.desk.event.peek();
    if (event && error.field === 'event') {
      return { kind: 'conflict', text: say(lang, 'conflictStage', { stage: this.desk.title('events', 'stage', event.stage) }), detail: error.message };
    }
    if (error instanceof ConflictError || error.field === 'responder') return { kind: 'conflict', text: say(lang, 'conflictFree', { who: who.post }), detail: error.message };
    return { kind: 'bad', text: say(lang, 'failed'), detail: error.message };
  }
}
