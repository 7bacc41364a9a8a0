import { expect, it } from 'vitest';
import { readPlaceCard } from './place';

it('reads whose grid it is', () => {
  const card = readPlaceCard({
    lon: 114.308, lat: 30.5674, outside: false, community: { id: 1, code: 'c', name: '金地花园社区' }, zone: null, grid: { id: 2, code: 'g', name: '金地花园003网格' },
    leader: { id: 58, code: 'g-WG', name: '网格长 011-003', duty: 'on_duty', phone: '0' }, border_metres: 18.3, events: { metres: 200, count: 502, open: 2 },
    facilities: [{ category: 'pharmacy', id: 1, code: 'f', name: '药店', metres: 88.3 }],
  });
  expect(card).toMatchObject({ grid: { name: '金地花园003网格' }, leader: { duty: 'on_duty' }, border: 18.3, events: { open: 2 }, facilities: [{ metres: 88.3 }] });
  expect(card.zone).toBeUndefined();
});

it('says that it is outside', () => {
  expect(readPlaceCard({ outside: true, reason: '该位置不在任何网格内', nearest: { code: 'g', name: '新河001网格', metres: 120 } })).toMatchObject({
    outside: true, nearest: { name: '新河001网格', metres: 120 }, facilities: [],
  });
});
