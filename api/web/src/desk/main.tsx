// The page /ui/dispatch.

import { computed } from '@preact/signals';
import { render } from 'preact';
import { Address } from '../ui/address';
import { Connection } from '../ui/connection';
import { langOf, themeOf } from '../ui/shell';
import { DeskPage } from './desk';
import { Desk } from './model';
import { codec } from './state';

const address = new Address(codec);
const connection = new Connection(computed(() => langOf(address.state.value)), computed(() => themeOf(address.state.value)));
const root = document.getElementById('page');
if (root) {
  const desk = new Desk(connection, address, () => Date.now());
  render(<DeskPage desk={desk} />, root);
  connection.start();
  desk.start();
}
