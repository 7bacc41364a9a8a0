// Archives of tiles, as the reference reader of PMTiles reads them. The archive, and the text of each of its tiles, are
// written by the Go test TestAnArchiveForOtherReaders.
import { PMTiles, type Source } from 'pmtiles';
import { describe, expect, it } from 'vitest';

import sample from '../../../../tiles/testdata/archive.json';

/** An archive in memory. */
function inMemory(base64: string): Source {
  const data = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return { getKey: () => 'archive', getBytes: (offset, length) => Promise.resolve({ data: data.slice(offset, offset + length).buffer }) };
}

describe('an archive', () => {
  const archive = new PMTiles(inMemory(sample.archive));
  const tiles = new Map(Object.entries(sample.tiles));

  it('has a header with what is in it', async () => {
    const header = await archive.getHeader();
    expect(header).toMatchObject({ specVersion: 3, clustered: true, tileType: 1, minZoom: 0, maxZoom: 10, numAddressedTiles: tiles.size });
    expect(header.leafDirectoryLength).toBeGreaterThan(0);
    expect(header.numTileContents).toBeLessThan(header.numTileEntries);
    expect(header.numTileEntries).toBeLessThan(header.numAddressedTiles);
  });

  it('names its layers', async () => {
    expect(await archive.getMetadata()).toMatchObject({ name: 'made up', vector_layers: [{ id: 'events', minzoom: 0, maxzoom: 10 }] });
  });

  it('has the tiles that were put in, and no others', async () => {
    for (let z = 0; z <= 5; z++) {
      for (let x = 0; x < 2 ** z; x++) {
        for (let y = 0; y < 2 ** z; y++) {
          const tile = await archive.getZxy(z, x, y);
          expect(tile && new TextDecoder().decode(tile.data), `${z}/${x}/${y}`).toBe(tiles.get(`${z}/${x}/${y}`));
        }
      }
    }
  });
});
