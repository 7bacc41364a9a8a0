// Fetching again the tiles that changes touched, without losing a change to a tile that is on its way.

import { touchedTiles, type Bounds, type TileId } from './touched';

/** What the refresher needs of a map. */
export interface TileMap {
  /** Fetches the tiles of a source again, all of them when none are named; tiles that are being fetched are passed over. */
  refreshTiles(source: string, tiles?: TileId[]): void;
  /** Whether every tile of the source that is in view has come. */
  isSourceLoaded(source: string): boolean;
}

/** A source, the layers in its tiles and their zooms. `reach` is how far beyond a tile's side a feature counts, as a part of it. */
export interface TileSource {
  readonly name: string;
  readonly layers: readonly string[];
  readonly min: number;
  readonly max: number;
  readonly reach: number;
}

/** How long changes gather before tiles are fetched, so that a burst costs one fetch. */
const GATHER_MS = 120;
/** How long a change waits for a busy source; after that it is fetched at once and again when the source has come to rest. */
const PATIENCE_MS = 2000;
/** More changed places than this fetch everything: a source that never comes to rest does not gather them without end. */
const MOST_BOUNDS = 2000;

type Todo = { bounds: Bounds[]; all: boolean; since: number };

/** TileRefresher gathers changes per source and refreshes each once its tiles have come to rest. */
export class TileRefresher {
  readonly #todo = new Map<string, Todo>();
  readonly #sources: ReadonlyMap<string, TileSource>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly map: TileMap,
    sources: readonly TileSource[],
    private readonly now: () => number,
  ) {
    this.#sources = new Map(sources.map((s) => [s.name, s]));
  }

  /** Notes that features of a layer under these bounds have changed, in whatever sources the layer is. */
  touch(layer: string, bounds: readonly Bounds[]): void {
    for (const source of this.#sources.values()) {
      if (!source.layers.includes(layer)) continue;
      const todo = this.#open(source.name);
      todo.bounds.push(...bounds);
      if (todo.bounds.length <= MOST_BOUNDS) continue;
      todo.all = true;
      todo.bounds.length = 0;
    }
    this.#plan();
  }

  /** Notes that every tile may have changed. */
  touchAll(): void {
    for (const name of this.#sources.keys()) this.#open(name).all = true;
    this.#plan();
  }

  /** To be called when a source has come to rest. */
  rested(source: string): void {
    const todo = this.#todo.get(source);
    if (todo && this.now() - todo.since >= GATHER_MS) this.#refresh(source, todo);
  }

  /** Forgets everything; nothing is refreshed any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#todo.clear();
  }

  #open(source: string): Todo {
    const todo = this.#todo.get(source) ?? { bounds: [], all: false, since: this.now() };
    this.#todo.set(source, todo);
    return todo;
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#todo.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const [source, todo] of [...this.#todo]) {
        if (this.map.isSourceLoaded(source) || this.now() - todo.since >= PATIENCE_MS) this.#refresh(source, todo);
      }
      this.#plan();
    }, GATHER_MS);
  }

  #refresh(source: string, todo: Todo): void {
    const busy = !this.map.isSourceLoaded(source);
    this.#todo.delete(source);
    const { min, max, reach } = this.#sources.get(source) ?? { min: 0, max: 0, reach: 0 };
    this.map.refreshTiles(source, todo.all ? undefined : touchedTiles(todo.bounds, min, max, { reach }));
    if (busy) this.#todo.set(source, { ...todo, since: this.now() });
  }
}
