// The keys, listed.

import { useEffect, useRef } from 'preact/hooks';
import type { Lang } from '../words/format';
import { KEYS } from './keys';
import { say } from './words';

/** The dialog of the keys. */
export function HelpDialog({ lang, closed }: { readonly lang: Lang; closed(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current && !dialog.current.open) dialog.current.showModal();
  }, []);
  return (
    <dialog ref={dialog} class="panel dialog help" aria-labelledby="help-title" onClose={() => closed()}>
      <h2 id="help-title">{say(lang, 'help')}</h2>
      <dl>
        {KEYS.map(({ keys, word }) => (
          <div key={word}>
            <dt>
              {keys.map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{say(lang, word)}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-buttons">
        <button type="button" class="button primary" onClick={() => closed()}>
          {say(lang, 'close')}
        </button>
      </div>
    </dialog>
  );
}
