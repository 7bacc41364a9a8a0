// What a layer is made of, as /collections says: fields with types, titles and codes.

import type { Lang } from '../words/format';

/** A text in both languages. */
export interface Titles {
  readonly zh: string;
  readonly en: string;
}

/** The types of fields. */
export type FieldType = 'string' | 'int' | 'float' | 'bool' | 'enum' | 'time' | 'date';

/** A field of a layer. */
export interface Field {
  readonly name: string;
  readonly title: Titles;
  readonly type: FieldType;
  readonly unit: string;
  /** The values of an enum with their titles, in order; empty for other types. */
  readonly codes: ReadonlyMap<string, Titles>;
  /** Whether vector tiles carry it. */
  readonly inTiles: boolean;
}

/** A layer that can be analysed. */
export interface Layer {
  readonly id: string;
  readonly title: Titles;
  readonly geometry: 'point' | 'line' | 'polygon' | 'none';
  /** The field that `datetime` asks about; "" where the layer has no time. */
  readonly timeField: string;
  readonly fields: readonly Field[];
  /** The number of the last change of the layer. */
  readonly seq: number;
  readonly maxzoom: number;
}

type Json = Readonly<Record<string, unknown>>;

const TYPES: readonly string[] = ['string', 'int', 'float', 'bool', 'enum', 'time', 'date'] satisfies FieldType[];

/** An object, {} where it is none. */
export const obj = (v: unknown): Json => (typeof v === 'object' && v !== null ? (v as Json) : {});
/** A list, [] where it is none. */
export const arr = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : []);
/** A text, "" where it is none. */
export const str = (v: unknown): string => (typeof v === 'string' ? v : '');
/** A finite number, undefined where it is none. */
export const num = (v: unknown): number | undefined => (typeof v === 'number' && Number.isFinite(v) ? v : undefined);

/** Reads a text in both languages; one that is missing is the other, and none is `otherwise`. */
export function titles(v: unknown, otherwise = ''): Titles {
  const t = obj(v);
  const [zh, en] = [str(t['zh']), str(t['en'])];
  return { zh: zh || en || otherwise, en: en || zh || otherwise };
}

/** Reads /collections: the layers that the caller may see. */
export function readLayers(body: unknown): Layer[] {
  return arr(obj(body)['collections']).map((entry) => {
    const card = obj(entry);
    const id = str(card['id']);
    const geometry = str(card['geometry']).toLowerCase();
    return {
      id,
      title: titles(card['titles'], str(card['title']) || id),
      geometry: geometry === 'point' || geometry === 'line' || geometry === 'polygon' ? geometry : 'none',
      timeField: str(card['time_field']),
      fields: arr(card['fields']).flatMap(readField),
      seq: num(card['seq']) ?? 0,
      maxzoom: num(card['maxzoom']) ?? 18,
    };
  });
}

function readField(v: unknown): Field[] {
  const f = obj(v);
  const name = str(f['name']);
  if (name === '') return [];
  const type = str(f['type']);
  const codes = arr(f['codes']).map((c) => [str(obj(c)['value']), titles(obj(c)['title'], str(obj(c)['value']))] as const);
  return [
    {
      name,
      title: titles(f['title'], name),
      type: TYPES.includes(type) ? (type as FieldType) : 'string',
      unit: str(f['unit']),
      codes: new Map(codes),
      inTiles: f['in_tiles'] === true,
    },
  ];
}

/** A field by its name. */
export const fieldOf = (layer: Layer | undefined, name: string): Field | undefined => layer?.fields.find((f) => f.name === name);

/** The title of a field, its name where it is not known. */
export const fieldTitle = (layer: Layer | undefined, name: string, lang: Lang): string => fieldOf(layer, name)?.title[lang] ?? name;

/** The fields that hold the code of an area. */
export const AREA_FIELDS = ['community', 'zone', 'grid'] as const;

/** An area field. */
export type AreaField = (typeof AREA_FIELDS)[number];

/** Whether a field holds the codes of areas. */
export const isAreaField = (name: string): name is AreaField => (AREA_FIELDS as readonly string[]).includes(name);

/** The fields with few values, which are facets and charts: enums, yes or no, and the level. */
export const facetFields = (layer: Layer): readonly Field[] =>
  layer.fields.filter((f) => f.type === 'enum' || f.type === 'bool' || (f.type === 'int' && /^(level|tier)$|_count$/.test(f.name)));

/** The fields with a range of numbers. */
export const numberFields = (layer: Layer): readonly Field[] => layer.fields.filter((f) => f.type === 'int' || f.type === 'float');

/** The fields of text that are asked for by a word: codes, and names of any kind. */
export const textFields = (layer: Layer): readonly Field[] => layer.fields.filter((f) => f.type === 'string' && !isAreaField(f.name) && f.name !== 'provenance');

/** The columns that a table has when nobody has chosen: what tiles carry, the time among them, ten at most. */
export function usualColumns(layer: Layer): readonly string[] {
  const shown = layer.fields.filter((f) => f.inTiles && f.name !== 'zone' && f.name !== 'grid' && f.name !== layer.timeField).map((f) => f.name);
  const names = shown.length > 0 ? shown : layer.fields.map((f) => f.name).filter((n) => n !== layer.timeField);
  if (layer.timeField === '') return names.slice(0, 10);
  return [...names.slice(0, 2), layer.timeField, ...names.slice(2, 9)];
}
