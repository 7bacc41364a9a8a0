// The sheet of keys, for whoever stands before the wall with a keyboard or a clicker.

import { useEffect } from 'preact/hooks';
import type { Lang } from '../words/format';
import type { Keys } from './keys';
import { word, type RemoteWord } from './remotewords';

const SHEET: readonly (readonly [string, RemoteWord])[] = [
  ['PageUp PageDown ← →', 'keyStep'],
  ['Space  B', 'keyPause'],
  ['T', 'keyTour'],
  ['R', 'keyPlayback'],
  ['1 – 9', 'keyLayers'],
  ['H', 'keyHeat'],
  ['M', 'keyMap'],
  ['Y', 'keyMenu'],
  [',  .  /', 'keyTurn'],
  ['Esc', 'keyBack'],
  ['0  Home', 'keyHome'],
  ['F', 'keyFull'],
  ['S', 'keySound'],
  ['L', 'keyLang'],
  ['?', 'keyKeys'],
];

/** What the sheet is given. */
export interface KeySheetProps {
  readonly lang: Lang;
  readonly keys: Keys;
  closed(): void;
}

/** The sheet; Escape, ? or a press closes it. */
export function KeySheet({ lang, keys, closed }: KeySheetProps) {
  useEffect(() => keys.add({ Escape: closed, '?': closed }), [keys]);
  return (
    <aside class="keysheet" role="note" aria-label={word(lang, 'keys')} onClick={closed}>
      <h2>{word(lang, 'keys')}</h2>
      <dl>
        {SHEET.map(([key, what]) => (
          <div key={what}>
            <dt>{key}</dt>
            <dd>{word(lang, what)}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
