// The page /ui/remote.

import { computed } from '@preact/signals';
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { Address, type Codec } from '../ui/address';
import { Connection } from '../ui/connection';
import { langOf, themeOf, type CommonState } from '../ui/shell';
import { readTheme, wear } from '../ui/theme';
import { TokenDialog } from '../ui/token';
import { oneOf, present, written } from '../ui/words';
import { LANGS } from '../words/format';
import { say } from '../words/text';
import { readWallName } from './remote';
import { Pad, PadView } from './remotepad';
import { word } from './remotewords';
import './remotepad.css';

interface State extends CommonState {
  readonly name?: string;
}

const codec: Codec<State> = {
  read: (words) => present<State>({ lang: oneOf(LANGS, words.get('lang')), theme: readTheme(words.get('theme')), name: readWallName(words.get('name')) }),
  write: ({ lang, theme, name }) => written([['lang', lang], ['theme', theme], ['name', name]]),
};

const address = new Address(codec);
const lang = computed(() => langOf(address.state.value));
const connection = new Connection(lang, computed(() => themeOf(address.state.value)));
const nameOf = (): string => address.state.value.name ?? pad.walls.value[0]?.name ?? 'wall';
const pad = new Pad(connection, nameOf, () => lang.value);

function Page() {
  const [asking, ask] = useState(false);
  const layers = connection.collections.value.filter((c) => ['events', 'grids', 'responders', 'facilities', 'buildings', 'zones'].includes(c.id));
  return (
    <>
      <header class="pad-head">
        <h1>{word(lang.value, 'remoteTitle')}</h1>
        <button class="button" type="button" onClick={() => ask(true)}>
          {say(lang.value, 'token')}
        </button>
        <button class="button" type="button" onClick={() => address.change({ lang: lang.value === 'zh' ? 'en' : 'zh' })}>
          {say(lang.value, 'other')}
        </button>
      </header>
      {connection.trouble.value !== undefined && <p class="pad-note" role="alert">{connection.trouble.value}</p>}
      <PadView pad={pad} lang={lang.value} name={nameOf()} layers={layers} rename={(name) => address.change({ name: readWallName(name) ?? 'wall' })} />
      <TokenDialog lang={lang.value} open={asking} done={(token) => connection.use(token)} closed={() => ask(false)} />
    </>
  );
}

const root = document.getElementById('page');
if (root) {
  wear(themeOf(address.state.peek()), false);
  render(<Page />, root);
  connection.start();
  pad.start();
}
