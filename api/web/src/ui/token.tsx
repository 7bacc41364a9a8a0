// A small dialog to enter or drop the token.

import { useEffect, useRef } from 'preact/hooks';
import type { Lang } from '../words/format';
import { say } from '../words/text';

/** What the dialog is given. */
export interface TokenDialogProps {
  readonly lang: Lang;
  readonly open: boolean;
  /** Called with what was entered, undefined for the public view. */
  done(token: string | undefined): void;
  closed(): void;
}

/** The dialog; it is shown above everything and closed by Escape. */
export function TokenDialog({ lang, open, done, closed }: TokenDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (open && dialog.current && !dialog.current.open) dialog.current.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="panel dialog" aria-labelledby="token-title" onClose={() => closed()}>
      <form
        method="dialog"
        onSubmit={() => {
          done(input.current?.value.trim() || undefined);
          if (input.current) input.current.value = '';
        }}
      >
        <h2 id="token-title">{say(lang, 'tokenTitle')}</h2>
        <input ref={input} class="field" type="password" name="token" autocomplete="off" aria-label={say(lang, 'tokenTitle')} />
        <p class="quiet">{say(lang, 'tokenHint')}</p>
        <div class="dialog-buttons">
          <button class="button" type="button" onClick={() => closed()}>
            {say(lang, 'cancel')}
          </button>
          <button class="button primary" type="submit">
            {say(lang, 'ok')}
          </button>
        </div>
      </form>
    </dialog>
  );
}
