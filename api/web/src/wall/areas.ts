// The areas of the subdistrict as a tree: subdistrict, community, zone, grid.

import { valueNumber, valueText, type Item } from '../service/data';

/** The layers that are areas, from the largest. */
export const AREA_LAYERS = ['subdistricts', 'communities', 'zones', 'grids'] as const;

/** One of them. */
export type AreaLayer = (typeof AREA_LAYERS)[number];

/** An area; `code` is that of the record, and the digits of a community begin those of its zones and grids. */
export interface Area {
  readonly layer: AreaLayer;
  readonly code: string;
  readonly name: string;
  readonly households: number;
  readonly item: Item;
  /** The code of the area around it; "" for the subdistrict. */
  readonly parent: string;
}

/** Areas knows every area and what lies in what. */
export class Areas {
  readonly #all: ReadonlyMap<string, Area>;
  readonly #children = new Map<string, Area[]>();

  /** Takes the features of each layer; a layer that the caller may not see is empty. */
  constructor(items: Readonly<Partial<Record<AreaLayer, readonly Item[]>>> = {}) {
    const areas = AREA_LAYERS.flatMap((layer) => (items[layer] ?? []).map((item) => areaOf(layer, item)));
    this.#all = new Map(areas.map((area) => [area.code, area]));
    for (const area of areas) this.#children.set(area.parent, [...(this.#children.get(area.parent) ?? []), area]);
    for (const list of this.#children.values()) list.sort((a, b) => a.code.localeCompare(b.code));
  }

  /** The area of a code. */
  find(code: string | undefined): Area | undefined {
    return code === undefined ? undefined : this.#all.get(code);
  }

  /** The name of an area by its code, or the code. */
  name(code: string): string {
    return this.#all.get(code)?.name ?? code;
  }

  /** The subdistrict. */
  get root(): Area | undefined {
    return this.of('subdistricts')[0];
  }

  /** The areas of a layer, in order of code. */
  of(layer: AreaLayer): readonly Area[] {
    return [...this.#all.values()].filter((area) => area.layer === layer).sort((a, b) => a.code.localeCompare(b.code));
  }

  /** What lies directly in an area; nothing in a grid. */
  in(code: string): readonly Area[] {
    return this.#children.get(code) ?? [];
  }

  /** The areas from the subdistrict down to a code, that one included. */
  path(code: string | undefined): readonly Area[] {
    const out: Area[] = [];
    for (let area = this.find(code); area && !out.includes(area); area = this.find(area.parent)) out.unshift(area);
    return out;
  }

  /** Whether an area of code `inner` is `outer` or lies in it. */
  holds(outer: string, inner: string): boolean {
    return this.path(inner).some((area) => area.code === outer);
  }
}

function areaOf(layer: AreaLayer, item: Item): Area {
  const code = valueText(item, 'code');
  const community = valueText(item, 'community');
  const parents: Record<AreaLayer, string> = {
    subdistricts: '',
    communities: valueText(item, 'subdistrict') || code.slice(0, 9),
    zones: community,
    grids: valueText(item, 'zone') || community,
  };
  return { layer, code, name: valueText(item, 'name') || code, households: valueNumber(item, 'households') ?? 0, item, parent: parents[layer] };
}
