// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { stage } from '../ui/testing';
import { readPlaceCard } from './place';
import { metresText, PlaceFacts } from './placecard';

const show = stage();

it('says whose grid it is and who is on duty', () => {
  const card = readPlaceCard({
    lon: 114.308, lat: 30.5674, community: { code: 'c', name: '金地花园社区' }, grid: { code: 'g', name: '003网格' }, leader: { code: 'w', name: '网格长 3', duty: 'on_leave' }, border_metres: 18.3,
    events: { metres: 200, count: 502, open: 2 }, facilities: [{ category: 'pharmacy', name: '药店六', metres: 88 }],
  });
  const text = show(<PlaceFacts lang="zh" card={card} category={() => '药店'} />).textContent ?? '';
  for (const part of ['金地花园社区 › 003网格', '网格长 3 请假', '18 米', '502 件, 未结 2 件', '药店 · 药店六 · 88 米']) expect(text).toContain(part);
});

it('says that it is outside, and what is nearest', () => {
  const card = readPlaceCard({ outside: true, nearest: { code: 'g', name: '新河001网格', metres: 1234 } });
  expect(show(<PlaceFacts lang="zh" card={card} category={(c) => c} />).textContent).toContain('不在任何网格内 · 最近的网格: 新河001网格, 1.2 公里');
});

it('writes metres and kilometres', () => {
  expect([0, 999.4, 1000].map((m) => metresText(m, 'en'))).toEqual(['0 m', '999 m', '1.0 km']);
});
