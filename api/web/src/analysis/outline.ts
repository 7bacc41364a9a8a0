// The limits of the area of the filter, to be drawn on the map.

import type { Feature, Geometry } from 'geojson';
import { AREA_LAYERS } from './areas';
import { arr, obj } from './schema';
import { useAnswer } from './use';
import type { View } from './view';

const NONE: readonly Feature[] = [];

/** The outlines of the areas that the filter names by their codes. */
export function useAreaOutline(view: View): readonly Feature[] {
  const { state, areas, client } = view;
  const code = state.filter.scope ?? (/^\d+$/.test(state.filter.within ?? '') ? state.filter.within : undefined);
  const area = areas.get(code ?? '');
  const answer = useAnswer(area?.code, async (signal) => {
    const body = await client.json(`/collections/${AREA_LAYERS[area?.kind ?? 'community']}/items?code=${area?.code}&properties=code&limit=1`, { signal });
    return arr(obj(body)['features']).map((f): Feature => ({ type: 'Feature', properties: { mark: 'within' }, geometry: obj(f)['geometry'] as Geometry }));
  });
  return area ? (answer.value ?? NONE) : NONE;
}
