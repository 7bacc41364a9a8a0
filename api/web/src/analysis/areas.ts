// The communities, zones and grids, by their codes.

import type { Area } from './ask';

/** Areas knows the names and sizes of areas. */
export class Areas {
  readonly #byCode: ReadonlyMap<string, Area>;

  constructor(readonly all: readonly Area[]) {
    this.#byCode = new Map(all.map((a) => [a.code, a]));
  }

  /** An area by its code. */
  get(code: string): Area | undefined {
    return this.#byCode.get(code);
  }

  /** The name of an area, its code where it is not known. */
  readonly name = (code: string): string => this.#byCode.get(code)?.name ?? code;

  /** The areas of a kind, in an area around them or anywhere (""), by code. */
  of(kind: Area['kind'], around = ''): readonly Area[] {
    return this.all.filter((a) => a.kind === kind && (around === '' || a.parent === around));
  }

  /** An area and those around it, the largest first. */
  path(code: string): readonly Area[] {
    const area = this.#byCode.get(code);
    return area ? [...this.path(area.parent), area] : [];
  }
}

/** The layers in which the areas of a kind are drawn. */
export const AREA_LAYERS = { subdistrict: 'subdistricts', community: 'communities', zone: 'zones', grid: 'grids' } as const satisfies Record<Area['kind'], string>;
