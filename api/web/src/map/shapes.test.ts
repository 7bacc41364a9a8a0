import { describe, expect, it } from 'vitest';
import { parseSign, SHAPES } from './shapes';

describe('parseSign', () => {
  it('reads every shape with its colour', () => {
    for (const shape of SHAPES) expect(parseSign(`shapan:${shape}:#5CC8FF`)).toEqual({ shape, color: '#5cc8ff' });
  });

  it('refuses what is not ours', () => {
    for (const name of ['', 'circle', 'shapan:blob:#000000', 'shapan:circle:red', 'shapan:circle:#12345', 'x:shapan:circle:#123456']) {
      expect(parseSign(name), name).toBeUndefined();
    }
  });
});
