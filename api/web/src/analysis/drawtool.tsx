// Drawing an area on the map, with the mouse or with the keyboard alone.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Map as GlMap, MapMouseEvent } from 'maplibre-gl';
import { crosses, isArea, withCorner, writePolygon, type Position } from './draw';
import type { View } from './view';
import { say } from './words';

/** What the tool is given. */
export interface DrawToolProps {
  readonly view: View;
  readonly map: GlMap;
  /** Shows what is drawn so far. */
  show(corners: readonly Position[]): void;
  /** Drawing has ended; an area was drawn, or undefined. */
  done(polygon: string | undefined): void;
}

/** The tool: it takes the clicks and keys of the map while it is there. */
export function DrawTool({ view, map, show, done }: DrawToolProps) {
  const { lang } = view;
  const [corners, set] = useState<readonly Position[]>([]);
  const now = useRef(corners);
  now.current = corners;
  const finish = (): void => {
    if (isArea(now.current)) done(writePolygon(now.current));
  };
  const addCentre = (): void => {
    const { lng, lat } = map.getCenter();
    set(withCorner(now.current, [lng, lat]));
  };
  const undo = (): void => set(now.current.slice(0, -1));
  useEffect(() => show(corners), [corners]);
  useLayoutEffect(() => {
    // At once: the next key must not reach the button that began this.
    const click = (e: MapMouseEvent): void => set(withCorner(now.current, [e.lngLat.lng, e.lngLat.lat]));
    const twice = (e: MapMouseEvent): void => {
      e.preventDefault();
      finish();
    };
    const key = (e: KeyboardEvent): void => {
      const act = { Enter: finish, ' ': addCentre, Backspace: undo, Escape: () => done(undefined) }[e.key];
      if (!act || (e.target instanceof HTMLElement && e.target.closest('button, input, select'))) return;
      e.preventDefault();
      act();
    };
    map.on('click', click);
    map.on('dblclick', twice);
    document.addEventListener('keydown', key);
    map.getCanvas().focus();
    map.getCanvas().style.cursor = 'crosshair';
    return () => {
      map.off('click', click);
      map.off('dblclick', twice);
      document.removeEventListener('keydown', key);
      map.getCanvas().style.cursor = '';
    };
  }, [map]);
  return (
    <>
      <span class="cross" aria-hidden="true" />
      <div class="drawing panel" role="group" aria-label={say(lang, 'draw')}>
        <p>{corners.length > 3 && crosses(corners) ? say(lang, 'crossing') : say(lang, 'drawHint')}</p>
        <button type="button" class="button" onClick={addCentre}>
          {say(lang, 'addPoint')}
        </button>
        <button type="button" class="button" disabled={corners.length === 0} onClick={undo}>
          {say(lang, 'undoPoint')}
        </button>
        <button type="button" class="button primary" data-finish disabled={!isArea(corners)} onClick={finish}>
          {say(lang, 'finish')}
        </button>
        <button type="button" class="button" onClick={() => done(undefined)}>
          {say(lang, 'cancel')}
        </button>
        <output class="sr-only">{corners.length}</output>
      </div>
    </>
  );
}
