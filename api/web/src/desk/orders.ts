// Sending people: what POST /dispatch is told, step by step.

import { ProblemError, type Client } from '../service/client';
import type { Move } from './assignments';
import type { Place } from './state';

/** What somebody is sent to: an event, or a place with its level. */
export type Target = { readonly event: number } | { readonly at: Place; readonly level: number };

/** How long somebody who was sent by mistake is taken back without a question. */
export const UNDO_MS = 12_000;

/** How long a reservation lasts if the page dies between its two steps. */
const LEASE_S = 30;

/** Orders gives orders in the name of the holder of the token. */
export class Orders {
  constructor(
    private readonly client: Pick<Client, 'send'>,
    /** Makes a word that no other order has, under which it is done once however often it is sent. */
    private readonly key: () => string,
  ) {}

  /**
   * Reserves somebody and sends them. Whoever is not first needs a reason. Fails with the ProblemError of the step that failed; nobody
   * is left reserved by it, as far as the service can be reached.
   */
  async send(responder: number, target: Target, reason: string): Promise<void> {
    const about = 'event' in target ? { event: target.event } : { lon: target.at[0], lat: target.at[1], level: target.level };
    await this.#post({ action: 'reserve', responder, ...about, lease_s: LEASE_S, ...(reason ? { reason } : {}) });
    try {
      await this.#post({ action: 'assign', responder });
    } catch (error) {
      await this.#post({ action: 'release', responder }).catch(() => undefined); // else the lease ends by itself
      throw error;
    }
  }

  /** Moves somebody who is held on, or lets them go. */
  async move(action: Move, responder: number, reason: string): Promise<void> {
    await this.#post({ action, responder, ...(reason ? { reason } : {}) });
  }

  /** Posts an order; one whose answer was lost is sent once more under the same key. */
  async #post(body: Readonly<Record<string, unknown>>): Promise<void> {
    const headers = { 'Idempotency-Key': this.key() };
    try {
      await this.client.send('POST', '/dispatch', body, headers);
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      await this.client.send('POST', '/dispatch', body, headers);
    }
  }
}
