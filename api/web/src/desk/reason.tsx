// Asks for a reason: usual ones to choose from, and free text.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Lang } from '../words/format';
import { say, type DeskWord } from './words';

const USUAL: readonly DeskWord[] = ['r_knows', 'r_unreachable', 'r_position', 'r_busy', 'r_skill', 'r_asked'];

/** What the dialog is given. */
export interface ReasonProps {
  readonly lang: Lang;
  readonly title: string;
  readonly hint: string;
  /** Whether the usual reasons for another choice are offered. */
  readonly usual: boolean;
  /** What was written before and not accepted. */
  readonly draft: string;
  readonly busy: boolean;
  done(reason: string): void;
  closed(): void;
}

/** The dialog. Enter confirms, Escape closes. */
export function ReasonDialog(p: ReasonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [usual, setUsual] = useState('');
  const [text, setText] = useState(p.draft);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    if (dialog.current && !dialog.current.open) dialog.current.showModal();
  }, []);
  const submit = (): void => {
    const reason = [usual && say(p.lang, usual as DeskWord), text.trim()].filter(Boolean).join('; ');
    if (reason === '') setMissing(true);
    else p.done(reason);
  };
  return (
    <dialog ref={dialog} class="panel dialog reason" aria-labelledby="reason-title" onClose={() => p.closed()}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          submit();
        }}
      >
        <h2 id="reason-title">{p.title}</h2>
        <p class="quiet">{p.hint}</p>
        {p.usual && (
          <fieldset>
            <legend>{say(p.lang, 'usualReasons')}</legend>
            {USUAL.map((word) => (
              <label key={word}>
                <input type="radio" name="usual" value={word} checked={usual === word} onChange={() => setUsual(word)} /> {say(p.lang, word)}
              </label>
            ))}
          </fieldset>
        )}
        <label>
          {say(p.lang, p.usual ? 'otherReason' : 'reason')}
          <input class="field" name="reason" maxLength={300} value={text} autocomplete="off" onInput={(e) => setText(e.currentTarget.value)} {...(missing ? { 'aria-invalid': true, 'aria-describedby': 'reason-missing' } : {})} />
        </label>
        {missing && (
          <p class="fault" id="reason-missing" role="alert">
            {say(p.lang, 'reasonNeeded')}
          </p>
        )}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => p.closed()}>
            {say(p.lang, 'cancel')}
          </button>
          <button type="submit" class="button primary" disabled={p.busy}>
            {say(p.lang, 'confirm')}
          </button>
        </div>
      </form>
    </dialog>
  );
}
