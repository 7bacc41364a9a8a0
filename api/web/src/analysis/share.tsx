// The link of the view, and of which snapshot it is.

import { useState } from 'preact/hooks';
import { fragment } from '../ui/address';
import { codec } from './state';
import type { View } from './view';
import { say } from './words';

/** The link that reproduces a view, with the number of the layer's last change, so that it can be said when the data has moved on. */
export function linkOf({ state, layer }: Pick<View, 'state' | 'layer'>, base: string): string {
  return base + fragment(codec.write({ ...state, layer: layer.id, seq: layer.seq }));
}

/** The button that copies the link, the snapshot, and the warning of an old link. */
export function Share({ view, snapshot }: { view: View; snapshot: number | undefined }) {
  const { lang, state, layer } = view;
  const [said, say_] = useState('');
  const tell = (text: string): void => {
    say_(text);
    setTimeout(() => say_(''), 4000);
  };
  const copy = async (): Promise<void> => {
    const link = linkOf(view, location.origin + location.pathname);
    view.change({ layer: layer.id, seq: layer.seq });
    tell((await copied(link)) ? say(lang, 'copied') : say(lang, 'copyFailed'));
  };
  const changed = state.seq !== undefined && layer.seq > state.seq;
  return (
    <>
      {changed && (
        <span class="changed" role="alert">
          {say(lang, 'changedSince', { then: state.seq ?? 0, now: layer.seq })}
        </span>
      )}
      {snapshot !== undefined && <span class="quiet snapshot">{say(lang, 'snapshot', { n: snapshot })}</span>}
      <span role="status">{said}</span>
      <button type="button" class="button" data-copy onClick={() => void copy()}>
        {say(lang, 'copyLink')}
      </button>
      <button type="button" class="button" onClick={() => print()}>
        {say(lang, 'print')}
      </button>
    </>
  );
}

/** Copies a text; on plain http the browser has no clipboard for pages, and a selected field does. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'sr-only';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
