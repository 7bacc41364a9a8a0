// Counting the records of a file as its bytes come, whatever way they are cut into pieces.

/** The formats of exports. */
export const FORMATS = ['geojson', 'csv'] as const;
/** One of them. */
export type Format = (typeof FORMATS)[number];

/** Counts records in bytes that are given piece by piece. */
export interface Tally {
  add(piece: Uint8Array): void;
  /** How many records have begun (GeoJSON) or ended (CSV) so far. */
  readonly count: number;
  /** Whether the file has its end. */
  readonly whole: boolean;
}

/** Makes a tally for a format. */
export const tallyOf = (format: Format): Tally => (format === 'csv' ? new CsvTally() : new GeoJsonTally());

const MARK = new TextEncoder().encode('"type":"Feature"');
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const BRACE = 0x7d;
const BLANKS = [0x09, 0x0a, 0x0d, 0x20];

/** Counts `"type":"Feature"`: quotes in a text are escaped, so that no text can hold these bytes. */
class GeoJsonTally implements Tally {
  count = 0;
  #matched = 0;
  #last = 0;

  add(piece: Uint8Array): void {
    for (const byte of piece) {
      this.#matched = byte === MARK[this.#matched] ? this.#matched + 1 : byte === MARK[0] ? 1 : 0;
      if (this.#matched === MARK.length) {
        this.count++;
        this.#matched = 0;
      }
      if (!BLANKS.includes(byte)) this.#last = byte;
    }
  }

  get whole(): boolean {
    return this.#last === BRACE;
  }
}

/** Counts lines outside of quotes, but for the first, which names the columns. */
class CsvTally implements Tally {
  #lines = 0;
  #quoted = false;
  #last = NEWLINE;

  add(piece: Uint8Array): void {
    for (const byte of piece) {
      if (byte === QUOTE) this.#quoted = !this.#quoted;
      if (byte === NEWLINE && !this.#quoted) this.#lines++;
      this.#last = byte;
    }
  }

  get count(): number {
    return Math.max(0, this.#lines - 1);
  }

  get whole(): boolean {
    return this.#lines > 0 && !this.#quoted && this.#last === NEWLINE;
  }
}
