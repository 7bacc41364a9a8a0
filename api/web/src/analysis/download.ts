// Fetching an export: counted and hashed as it comes, and offered only when it is whole.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Client } from '../service/client';
import { tallyOf, type Format } from './tally';

/** How far a download is. */
export interface Progress {
  readonly count: number;
  /** How many records were promised; undefined before the service has answered. */
  readonly promised: number | undefined;
  readonly bytes: number;
}

/** A whole file. */
export interface Download extends Progress {
  readonly promised: number;
  readonly blob: Blob;
  readonly sha256: string;
  /** The number of the snapshot that it is of. */
  readonly seq: number;
}

/** ShortError: fewer or more records came than were promised, or the end of the file did not. */
export class ShortError extends Error {
  constructor(
    readonly count: number,
    readonly promised: number,
  ) {
    super(`${count} of ${promised}`);
  }
}

/** UncountedError: the service did not say how many records there would be. */
export class UncountedError extends Error {}

/** What is exported. */
export interface ExportRequest {
  readonly layer: string;
  readonly format: Format;
  /** The filter, and the properties, as a query. */
  readonly query: URLSearchParams;
}

/** The address of an export. */
export function exportPath({ layer, format, query }: ExportRequest): string {
  const text = query.toString();
  return `/export/${encodeURIComponent(layer)}.${format}${text === '' ? '' : `?${text}`}`;
}

/** Fetches an export. Fails with ShortError or UncountedError, with what the client fails with, and with AbortError when `signal` ends it. */
export async function download(client: Client, request: ExportRequest, tell: (progress: Progress) => void, signal: AbortSignal): Promise<Download> {
  const response = await client.get(exportPath(request), { signal });
  const header = response.headers.get('Shapan-Count');
  if (header === null || !/^\d+$/.test(header) || !response.body) {
    await response.body?.cancel();
    throw new UncountedError('Shapan-Count');
  }
  const promised = Number(header);
  const tally = tallyOf(request.format);
  const hash = sha256.create();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    tally.add(part.value);
    hash.update(part.value);
    pieces.push(part.value);
    bytes += part.value.length;
    tell({ count: tally.count, promised, bytes });
  }
  if (tally.count !== promised || !tally.whole) throw new ShortError(tally.count, promised);
  const type = request.format === 'csv' ? 'text/csv;charset=utf-8' : 'application/geo+json';
  return { count: tally.count, promised, bytes, blob: new Blob(pieces, { type }), sha256: bytesToHex(hash.digest()), seq: Number(response.headers.get('Shapan-Seq') ?? 0) };
}

/** What a manifest says. */
export interface ManifestFacts {
  readonly file: string;
  readonly request: ExportRequest;
  readonly title: string;
  /** The filter in words. */
  readonly words: string;
  /** A link to the view that it was made from. */
  readonly view: string;
  readonly made: Date;
}

/** Writes the manifest of a file: what it holds, of which moment, and how to check it. */
export function manifest(d: Download, f: ManifestFacts): string {
  const facts = {
    file: f.file,
    layer: f.request.layer,
    title: f.title,
    filter: Object.fromEntries([...new Set(f.request.query.keys())].map((name) => [name, f.request.query.getAll(name)])),
    filter_words: f.words,
    address: exportPath(f.request),
    view: f.view,
    snapshot: d.seq,
    count: d.count,
    bytes: d.bytes,
    sha256: d.sha256,
    crs: 'http://www.opengis.net/def/crs/OGC/1.3/CRS84',
    made: f.made.toISOString(),
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

/** The name of a file: the layer, the snapshot, and the format. */
export const fileName = (layer: string, seq: number, format: Format): string => `${layer}-${seq}.${format}`;

/** Hands a file to the browser to be saved. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
