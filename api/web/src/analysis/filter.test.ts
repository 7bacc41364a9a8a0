import { describe, expect, it } from 'vitest';
import { chipsOf, chosen, EVERYTHING, queryOf, rangeOf, readFilter, sentence, toggle, withRange, withValue, writeFilter, type Filter } from './filter';
import { readLayers } from './schema';

const [events] = readLayers({
  collections: [
    {
      id: 'events', titles: { zh: '事件', en: 'Events' }, geometry: 'point', time_field: 'reported_at',
      fields: [
        { name: 'level', type: 'int', title: { zh: '级别', en: 'Level' } },
        { name: 'domain', type: 'enum', title: { zh: '领域', en: 'Domain' }, codes: [{ value: 'urban', title: { zh: '城市管理', en: 'Urban' } }, { value: 'party', title: { zh: '党建', en: 'Party' } }] },
        { name: 'accuracy_m', type: 'float', unit: 'm', title: { zh: '精度', en: 'Accuracy' } },
        { name: 'community', type: 'string', title: { zh: '社区', en: 'Community' } },
        { name: 'self_found', type: 'bool', title: { zh: '主动发现', en: 'Found' } },
      ],
    },
  ],
});
const areaName = (code: string): string => (code === '420106001011' ? '金地花园' : code);
const drawn = 'POLYGON((114.3 30.56,114.31 30.56,114.31 30.57,114.3 30.56))';

const filters: readonly Filter[] = [
  EVERYTHING,
  { terms: [{ field: 'level', is: '3,4' }], datetime: '2017-11-01/2017-11-30' },
  { terms: [{ field: 'accuracy_m', is: '>=5' }, { field: 'accuracy_m', is: '<=20' }, { field: 'domain', is: 'null()' }], scope: '420106001011', within: drawn },
  { terms: [{ field: 'closed_at', is: '<=field(deadline_at)' }, { field: 'reported_at', is: '<2017-10-01T00:00:00+08:00' }] },
];

describe('a filter', () => {
  it('is what its address says, whatever it holds', () => {
    for (const filter of filters) {
      const words = new URLSearchParams();
      writeFilter(filter, words);
      expect(readFilter(new URLSearchParams(words.toString()))).toEqual(filter);
    }
  });

  it('is a query of the service, with a field asked twice given twice', () => {
    expect(queryOf(filters[2] ?? EVERYTHING).getAll('accuracy_m')).toEqual(['>=5', '<=20']);
    expect(queryOf(filters[1] ?? EVERYTHING).toString()).toBe('level=3%2C4&datetime=2017-11-01%2F2017-11-30');
  });

  it('leaves out the field of a facet', () => {
    expect(queryOf(filters[1] ?? EVERYTHING, 'level').toString()).toBe('datetime=2017-11-01%2F2017-11-30');
  });

  it('chooses and takes back values by clicks, and ends as it began', () => {
    const one = toggle(EVERYTHING, 'level', '3');
    const two = toggle(one, 'level', '4');
    expect(two.terms).toEqual([{ field: 'level', is: '3,4' }]);
    expect([chosen(two, 'level', '3'), chosen(two, 'level', '5')]).toEqual([true, false]);
    expect(toggle(toggle(two, 'level', '3'), 'level', '4')).toEqual(EVERYTHING);
  });

  it('knows nothing as a value of its own', () => {
    const nothing = toggle(toggle(EVERYTHING, 'domain', 'urban'), 'domain', null);
    expect(nothing.terms).toEqual([{ field: 'domain', is: 'null()' }]);
    expect(toggle(nothing, 'domain', null)).toEqual(EVERYTHING);
    expect(toggle(nothing, 'domain', 'urban').terms).toEqual([{ field: 'domain', is: 'urban' }]);
  });

  it('keeps a range beside chosen values', () => {
    const both = withRange(toggle(EVERYTHING, 'level', '3'), 'level', '2', '');
    expect(both.terms).toEqual([{ field: 'level', is: '3' }, { field: 'level', is: '>=2' }]);
    expect(rangeOf(both, 'level')).toEqual(['2', '']);
    expect(withRange(both, 'level', '', '').terms).toEqual([{ field: 'level', is: '3' }]);
  });

  it('sets the value of a text, and takes it away when it is empty', () => {
    expect(withValue(EVERYTHING, 'code', 'A1').terms).toEqual([{ field: 'code', is: 'A1' }]);
    expect(withValue(withValue(EVERYTHING, 'code', 'A1'), 'code', '')).toEqual(EVERYTHING);
  });
});

describe('a filter in words', () => {
  const words = (filter: Filter, lang: 'zh' | 'en' = 'zh'): string[] => chipsOf(filter, events, areaName, lang).map((c) => c.text);

  it('says fields, codes, units, areas and days as people do', () => {
    expect(words({ terms: [{ field: 'domain', is: 'urban,party' }, { field: 'accuracy_m', is: '>=5' }, { field: 'self_found', is: 'true' }, { field: 'community', is: '420106001011' }] })).toEqual([
      '领域 城市管理、党建', '精度 ≥ 5 m', '主动发现 是', '社区 金地花园',
    ]);
    expect(words({ terms: [{ field: 'domain', is: 'null()' }], datetime: '2017-11-01/2017-11-30', scope: '420106001011', within: drawn }, 'en')).toEqual([
      'Domain has no value', '2017-11-01 — 2017-11-30', 'of 金地花园', 'within the drawn area (3 corners)',
    ]);
  });

  it('says what it does not know as it is', () => {
    expect(words({ terms: [{ field: 'odd', is: 'null()|<x' }, { field: 'closed_at', is: '<=field(deadline_at)' }] }, 'en')).toEqual(['odd < x or none', 'closed_at ≤ deadline_at']);
  });

  it('has a chip for each part, which takes that part away', () => {
    for (const filter of filters) {
      const chips = chipsOf(filter, events, areaName, 'zh');
      const left = chips.reduce((f) => chipsOf(f, events, areaName, 'zh')[0]?.without ?? f, filter);
      expect(chipsOf(left, events, areaName, 'zh')).toEqual([]);
      expect(queryOf(left).toString()).toBe('');
    }
  });

  it('is everything where it is nothing', () => {
    expect(sentence(EVERYTHING, events, areaName, 'zh')).toBe('全部');
    expect(sentence({ terms: [{ field: 'level', is: '3' }], datetime: '2017-11-01/2017-11-01' }, events, areaName, 'en')).toBe('Level 3; 2017-11-01');
  });
});
