// MapLibre 6 gives a raster tile that is fetched again another texture and forgets the one before, which keeps its megabytes on the
// graphics card until some garbage collection. A wall fetches its heat again for months: the texture goes back to the map's pool.

import { RasterTileSource, type Map as GlMap } from 'maplibre-gl';

/** Sees that every raster source of a map, also those of later styles, gives back what it has drawn over. */
export function returnTextures(map: GlMap): void {
  const mended = new WeakSet<RasterTileSource>();
  map.on('sourcedata', ({ sourceId }) => {
    const source = map.getSource(sourceId);
    if (!(source instanceof RasterTileSource) || mended.has(source)) return;
    mended.add(source);
    const load = source.loadTile.bind(source);
    source.loadTile = async (tile) => {
      const before = tile.texture;
      await load(tile);
      if (before && before !== tile.texture && before.context === map.painter.context) map.painter.saveTileTexture(before); // a lost card has taken its own
    };
  });
}
