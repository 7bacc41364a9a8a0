import { describe, expect, it } from 'vitest';
import { ConflictError } from '../service/client';
import { Orders } from './orders';

/** A line to a service that notes what it is told, and fails the steps that are named, once. */
function line(failures: Record<string, Error> = {}) {
  const told: string[] = [];
  const keys: string[] = [];
  let n = 0;
  const send = (_method: string, _path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown> => {
    const { action } = body as { action: string };
    told.push(action);
    keys.push(headers?.['Idempotency-Key'] ?? '');
    const failure = failures[action];
    delete failures[action];
    return failure ? Promise.reject(failure) : Promise.resolve(undefined);
  };
  return { told, keys, orders: new Orders({ send }, () => `key-${n++}`) };
}

describe('sending somebody', () => {
  it('is to reserve and to assign', async () => {
    const { told, orders } = line();
    await orders.send(58, { event: 36 }, '');
    expect(told).toEqual(['reserve', 'assign']);
  });

  it('ends where somebody else was faster', async () => {
    const { told, orders } = line({ reserve: new ConflictError(409, 'taken') });
    await expect(orders.send(58, { event: 36 }, '')).rejects.toThrow('taken');
    expect(told).toEqual(['reserve']);
  });

  it('leaves nobody reserved who could not be sent', async () => {
    const { told, orders } = line({ assign: new ConflictError(409, 'late') });
    await expect(orders.send(58, { at: [114, 30], level: 2 }, 'why')).rejects.toThrow('late');
    expect(told).toEqual(['reserve', 'assign', 'release']);
  });

  it('is tried again under the same key where the answer was lost', async () => {
    const { told, keys, orders } = line({ reserve: new TypeError('network') });
    await orders.send(58, { event: 36 }, '');
    expect(told).toEqual(['reserve', 'reserve', 'assign']);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[1]);
  });
});
