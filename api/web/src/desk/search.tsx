// The box for a code, a name, pinyin or an address: what is found appears while one types, arrows and Enter choose.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Lang } from '../words/format';
import type { Found } from './found';
import { say } from './words';

/** How long after a key the service is asked. */
const TYPING_MS = 120;

/** What the box is given. */
export interface SearchProps {
  readonly lang: Lang;
  /** Asks the service; fails where it does not answer. */
  ask(text: string, signal: AbortSignal): Promise<{ readonly found: readonly Found[]; readonly total: number }>;
  choose(found: Found): void;
}

interface Shown {
  readonly found: readonly Found[];
  readonly total: number;
  readonly failed: boolean;
}

/** The box, a combobox with a list. */
export function Search({ lang, ask, choose }: SearchProps) {
  const [text, setText] = useState('');
  const [shown, setShown] = useState<Shown | undefined>(undefined);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    setShown(undefined);
    if (text.trim() === '') return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(text.trim(), abort.signal).then(
        (answer) => {
          if (abort.signal.aborted) return;
          setShown({ ...answer, failed: false });
          setAt(0);
        },
        () => !abort.signal.aborted && setShown({ found: [], total: 0, failed: true }),
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, lang]);
  const pick = (found: Found | undefined): void => {
    if (!found) return;
    setText('');
    input.current?.blur();
    choose(found);
  };
  const key = (e: KeyboardEvent): void => {
    const n = shown?.found.length ?? 0;
    if (e.key === 'ArrowDown' && n > 0) setAt((at + 1) % n);
    else if (e.key === 'ArrowUp' && n > 0) setAt((at + n - 1) % n);
    else if (e.key === 'Enter') pick(shown?.found[at]);
    else if (e.key === 'Escape') {
      setText('');
      input.current?.blur();
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div class="search" role="search">
      <input
        ref={input}
        id="search"
        class="field"
        type="text"
        role="combobox"
        maxLength={100}
        autocomplete="off"
        spellcheck={false}
        placeholder={say(lang, 'searchHint')}
        aria-label={say(lang, 'search')}
        aria-expanded={shown !== undefined}
        aria-controls="search-list"
        aria-autocomplete="list"
        {...(shown?.found[at] ? { 'aria-activedescendant': `found-${at}` } : {})}
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={key}
        onBlur={() => setShown(undefined)}
      />
      <kbd aria-hidden="true">/</kbd>
      <div class="search-drop panel" hidden={shown === undefined}>
        <ul id="search-list" role="listbox" aria-label={say(lang, 'search')}>
          {shown?.found.map((f, i) => (
            <li
              key={`${f.layer} ${f.id}`}
              id={`found-${i}`}
              role="option"
              aria-selected={i === at}
              onMouseDown={(e) => {
                e.preventDefault();
                pick(f);
              }}
            >
              <span class="tag">{f.layerTitle}</span> <b>{f.title}</b> <span class="quiet small">{f.subtitle || f.code}</span>
            </li>
          ))}
        </ul>
        <p class="quiet small" role="status">
          {shown && statusText(shown, lang)}
        </p>
      </div>
    </div>
  );
}

function statusText({ failed, found, total }: Shown, lang: Lang): string {
  if (failed) return say(lang, 'searchFailed');
  if (total === 0) return say(lang, 'nothingFound');
  return total > found.length ? `${say(lang, 'found', { n: total })}, ${say(lang, 'showing', { n: found.length })}` : say(lang, 'found', { n: total });
}
