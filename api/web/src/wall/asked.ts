// A question that is asked again when it changes, when something happened, and while asking fails.

import { batch, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { MissingError, RefusedError } from '../service/client';

/** An answer follows news this long after it, and news that never ends not more often than every few seconds. */
const SOON_MS = 700;
const EVERY_MS = 4000;
const RETRY_MS = 2000;
const LONGEST_RETRY_MS = 15_000;
/** How long the answer to the question before stands under a new one: long enough not to flicker, too short to be believed. */
const STALE_MS = 1000;

/** Asked keeps the answer to a question. What could not be asked again stays as it was, with the time of its answer; of another question, for a second. */
export class Asked<T> {
  /** The last answer; undefined while there is none or none may be had. */
  readonly value: Signal<T | undefined> = signal(undefined);
  /** When it came, in milliseconds since 1970. */
  readonly at: Signal<number | undefined> = signal(undefined);
  /** Whether the question was answered, also by that there is no answer. */
  readonly settled: Signal<boolean> = signal(false);
  #turn = 0;
  #askedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #answered: string | undefined;
  readonly #end: () => void;

  /** `question` is undefined while nothing may be asked; `epoch` changes when everything is to be asked again. */
  constructor(
    private readonly question: ReadonlySignal<string | undefined>,
    epoch: ReadonlySignal<number>,
    private readonly ask: (question: string) => Promise<T>,
  ) {
    this.#end = effect(() => {
      void epoch.value;
      void this.#run(question.value);
    });
  }

  /** Asks no more. */
  close(): void {
    this.#end();
    clearTimeout(this.#timer);
    this.#turn++;
  }

  /** Asks again soon; many calls ask once. */
  soon(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(SOON_MS, this.#askedAt + EVERY_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#run(this.question.peek());
    }, wait);
  }

  async #run(question: string | undefined): Promise<void> {
    const turn = ++this.#turn;
    if (question === undefined) {
      this.#answered = undefined;
      this.#take(undefined, false);
      return;
    }
    if (question !== this.#answered) this.#forgetLater(turn);
    for (let wait = RETRY_MS; turn === this.#turn; wait = Math.min(LONGEST_RETRY_MS, wait * 2)) {
      this.#askedAt = performance.now();
      try {
        const answer = await this.ask(question);
        if (turn === this.#turn) {
          this.#answered = question;
          this.#take(answer);
        }
        return;
      } catch (error) {
        if (error instanceof RefusedError || error instanceof MissingError) {
          if (turn === this.#turn) {
            this.#answered = question;
            this.#take(undefined);
          }
          return; // another caller or other news asks again
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** Drops an answer to another question, unless this turn has its own by then. */
  #forgetLater(turn: number): void {
    setTimeout(() => {
      if (turn === this.#turn && this.question.peek() !== this.#answered) this.#take(undefined, false);
    }, STALE_MS);
  }

  #take(answer: T | undefined, settled = true): void {
    batch(() => {
      this.settled.value = settled;
      this.value.value = answer;
      this.at.value = answer === undefined ? undefined : Date.now();
    });
  }
}
