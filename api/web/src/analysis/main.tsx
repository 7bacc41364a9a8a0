// The page /ui/analysis.

import { computed } from '@preact/signals';
import { render } from 'preact';
import { Address } from '../ui/address';
import { Connection } from '../ui/connection';
import { MapView } from '../ui/map';
import { langOf, Shell, themeOf } from '../ui/shell';
import { codec } from './state';

const address = new Address(codec);
const lang = computed(() => langOf(address.state.value));
const connection = new Connection(lang, computed(() => themeOf(address.state.value)));

function Analysis() {
  const style = connection.style.value;
  return (
    <Shell page="analysis" address={address} connection={connection}>
      {style && <MapView lang={lang.value} connection={connection} style={style} shown={() => true} ready={() => undefined} />}
    </Shell>
  );
}

const root = document.getElementById('page');
if (root) {
  render(<Analysis />, root);
  connection.start();
}
