// Vector tiles of the service, as the decoder reads them that map libraries use. The tiles, and what is in them, are written
// by the Go test TestTilesForOtherDecoders.
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { describe, expect, it } from 'vitest';

interface Sample {
  tile: string; // base64
  layers: unknown;
}

const SAMPLES = import.meta.glob<Sample>('../../../../tiles/testdata/decoders/*.json', { import: 'default', eager: true });

/** Reads a tile into the form of what is in it: layers of features with their id, type, properties and parts. */
function read(data: Uint8Array): unknown {
  return Object.values(new VectorTile(new PbfReader(data)).layers).map((layer) => {
    expect([layer.version, layer.extent]).toEqual([2, 4096]);
    const features = Array.from({ length: layer.length }, (_, i) => {
      const feature = layer.feature(i);
      let geometry = feature.loadGeometry().map((part) => part.map(({ x, y }) => [x, y]));
      if (feature.type === 1) geometry = [geometry.flat()]; // each point is a part of its own here
      if (feature.type === 3) geometry = geometry.map((ring) => ring.slice(0, -1)); // rings are closed here
      return { id: feature.id ?? 0, type: feature.type, properties: { ...feature.properties }, geometry };
    });
    return { name: layer.name, features };
  });
}

describe('vector tiles', () => {
  it('are there to be read', () => expect(Object.keys(SAMPLES).length).toBeGreaterThan(2));

  for (const [file, { tile, layers }] of Object.entries(SAMPLES)) {
    it(`are read as they were drawn: ${file}`, () => {
      expect(read(Uint8Array.from(atob(tile), (c) => c.charCodeAt(0)))).toEqual(layers);
    });
  }
});
