import { expect, it } from 'vitest';
import { readFound } from './found';

it('reads what was found, and leaves out what has no place', () => {
  const feature = { id: 5, geometry: { type: 'Point', coordinates: [114.3, 30.5] }, bbox: [114.29, 30.49, 114.31, 30.51], properties: { layer: 'grids', layer_title: '网格', title: '四清里005网格', subtitle: '四清里社区' } };
  expect(readFound({ features: [feature, { id: 6, geometry: null, properties: {} }], numberMatched: 12 })).toEqual({
    total: 12, found: [{ layer: 'grids', layerTitle: '网格', id: 5, title: '四清里005网格', subtitle: '四清里社区', code: '', stage: '', at: [114.3, 30.5], bounds: [114.29, 30.49, 114.31, 30.51] }],
  });
});
