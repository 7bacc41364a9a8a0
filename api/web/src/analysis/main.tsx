// The page /ui/analysis.

import { computed } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Address } from '../ui/address';
import { Connection } from '../ui/connection';
import { langOf, Shell, themeOf } from '../ui/shell';
import { Areas } from './areas';
import { askAreas, askExtent, askLayers } from './ask';
import { Page } from './page';
import type { Layer } from './schema';
import { codec, refiltered } from './state';
import { useAnswer } from './use';
import type { View } from './view';
import { say } from './words';

/** Changes of the data are gathered for so long before everything is asked again. */
const GATHER_MS = 2000;

const address = new Address(codec);
const lang = computed(() => langOf(address.state.value));
const connection = new Connection(lang, computed(() => themeOf(address.state.value)));

function Analysis() {
  const { client } = connection;
  const epoch = connection.epoch.value;
  const state = address.state.value;
  const tick = useTick(state.layer ?? 'events');
  const layers = useAnswer(`${epoch} ${tick}`, (signal) => askLayers(client, signal));
  const layer = chosenLayer(layers.value ?? [], state.layer);
  const areas = useAnswer(layers.value && `${epoch} ${layers.value.map((l) => l.id)}`, (signal) => askAreas(client, layers.value ?? [], signal));
  const extent = useAnswer(layer && `${epoch} ${tick} ${layer.id}`, async (signal) => layer && { of: layer.id, extent: await askExtent(client, layer, signal) });
  const known = useMemo(() => new Areas(areas.value ?? []), [areas.value]);
  const change: View['change'] = (parts, visit = false) => address.change(parts, visit);
  return (
    <Shell page="analysis" address={address} connection={connection}>
      {layer ? (
        <Page
          connection={connection}
          view={{
            lang: lang.value,
            theme: themeOf(state),
            client,
            state,
            layers: layers.value ?? [],
            layer,
            areas: known,
            extent: extent.value?.of === layer.id ? extent.value.extent : undefined,
            tick: epoch * 1e6 + tick,
            change,
            refilter: (filter) => change(refiltered(filter), true),
          }}
        />
      ) : (
        <p class="empty" role="status">
          {layers.error ?? (layers.value ? say(lang.value, 'noLayers') : '')}
        </p>
      )}
    </Shell>
  );
}

/** The layer of the address; when it names none that can be seen, events, else the first of points. */
function chosenLayer(layers: readonly Layer[], name: string | undefined): Layer | undefined {
  return layers.find((l) => l.id === name) ?? layers.find((l) => l.id === 'events') ?? layers.find((l) => l.geometry === 'point') ?? layers[0];
}

/** Rises when a layer has changed, at most every two seconds. */
function useTick(layer: string): number {
  const [tick, set] = useState(0);
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const stop = connection.follow((changes) => {
      if (waiting !== undefined || !changes.some((c) => c.layer === layer)) return;
      waiting = setTimeout(() => {
        waiting = undefined;
        set((n) => n + 1);
      }, GATHER_MS);
    });
    return () => {
      stop();
      clearTimeout(waiting);
    };
  }, [layer]);
  return tick;
}

const root = document.getElementById('page');
if (root) {
  render(<Analysis />, root);
  connection.start();
}
