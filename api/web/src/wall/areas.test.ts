import { describe, expect, it } from 'vitest';
import type { Item } from '../service/data';
import { Areas } from './areas';

const item = (values: Record<string, unknown>): Item => ({ id: Number(values['code']), positions: [], values });

const areas = new Areas({
  subdistricts: [item({ code: '420106001', name: '积玉桥街道' })],
  communities: [item({ code: '420106001005', name: '四清里社区', subdistrict: '420106001' }), item({ code: '420106001004', name: '汉成里社区', subdistrict: '420106001' })],
  zones: [item({ code: '42010600100501', name: '四清里片区一', community: '420106001005' })],
  grids: [item({ code: '420106001005001', name: '四清里001网格', community: '420106001005', zone: '42010600100501', households: 199 })],
});

describe('Areas', () => {
  it('finds the way down to an area', () => {
    expect(areas.path('420106001005001').map((a) => a.code)).toEqual(['420106001', '420106001005', '42010600100501', '420106001005001']);
    expect(areas.path('999999')).toEqual([]);
    expect(areas.path(undefined)).toEqual([]);
  });

  it('lists what lies in an area, in order of code', () => {
    expect(areas.in('420106001').map((a) => a.code)).toEqual(['420106001004', '420106001005']);
    expect(areas.in('420106001005001')).toEqual([]);
  });

  it('knows what lies in what', () => {
    expect(areas.holds('420106001005', '420106001005001')).toBe(true);
    expect(areas.holds('420106001005', '420106001005')).toBe(true);
    expect(areas.holds('420106001004', '420106001005001')).toBe(false);
  });

  it('names what it does not know by its code', () => {
    expect(areas.name('420106001005')).toBe('四清里社区');
    expect(areas.name('x')).toBe('x');
  });
});
