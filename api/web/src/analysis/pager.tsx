// The pages of the table. The service knows the next page by a cursor; the ones before are in the browser's history.

import { useRef } from 'preact/hooks';
import { count } from '../words/format';
import type { View } from './view';
import { say } from './words';

/** How many rows a page has. */
export const PAGE_SIZE = 100;

/** What the pager is given. */
export interface PagerProps {
  readonly view: View;
  /** How many rows are before this page. */
  readonly start: number;
  readonly shown: number;
  readonly matched: number | undefined;
  /** The cursor of the next page. */
  readonly next: string | undefined;
}

/** The pager. A link that opens a later page can go back to the first one. */
export function Pager({ view, start, shown, matched, next }: PagerProps) {
  const { lang, state } = view;
  const cursors = useRef(new Map<number, string | undefined>([[1, undefined]]));
  const page = state.page ?? 1;
  if (page === 1) cursors.current = new Map([[1, undefined]]);
  cursors.current.set(page, state.after);
  const go = (to: number, after: string | undefined): void => view.change({ page: to === 1 ? undefined : to, after });
  const before = cursors.current.has(page - 1) ? page - 1 : 1;
  return (
    <nav class="pager" aria-label={say(lang, 'table')}>
      <button type="button" class="button" disabled={page === 1} onClick={() => go(before, cursors.current.get(before))}>
        {say(lang, before === page - 1 || page === 1 ? 'previousPage' : 'firstPage')}
      </button>
      <span>{matched === undefined ? '…' : say(lang, 'pageOf', { a: count(shown === 0 ? 0 : start + 1), b: count(start + shown), n: count(matched) })}</span>
      <button type="button" class="button" disabled={next === undefined} onClick={() => go(page + 1, next)}>
        {say(lang, 'nextPage')}
      </button>
    </nav>
  );
}
