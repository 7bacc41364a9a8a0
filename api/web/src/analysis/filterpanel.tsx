// The left side: the layer, and everything that a filter can be made of by clicking.

import { AreaPanel } from './areapanel';
import { NumberRange, TextValue } from './conditions';
import { Facet, openFacets } from './facet';
import { facetFields } from './schema';
import { relayered } from './state';
import { TimePanel } from './timepanel';
import type { View } from './view';
import { say } from './words';

/** The panel of the filter. */
export function FilterPanel({ view }: { view: View }) {
  const { lang, layer } = view;
  const open = openFacets(view);
  return (
    <aside class="filters" aria-label={say(lang, 'filter')}>
      <label class="layer">
        <span>{say(lang, 'layer')}</span>
        <select class="field" data-layers value={layer.id} onChange={(e) => view.change(relayered(e.currentTarget.value), true)}>
          {view.layers.map((l) => (
            <option key={l.id} value={l.id}>
              {l.title[lang]}
            </option>
          ))}
        </select>
      </label>
      <TimePanel view={view} />
      <AreaPanel view={view} />
      <div class="facets">
        {facetFields(layer).map((field) => (
          <Facet key={`${layer.id} ${field.name}`} view={view} field={field} open={open.includes(field.name)} />
        ))}
      </div>
      <NumberRange key={`${layer.id} numbers`} view={view} />
      <TextValue key={`${layer.id} text`} view={view} />
    </aside>
  );
}
