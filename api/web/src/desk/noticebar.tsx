// What became of the last order, with a way back for a moment.

import type { Lang } from '../words/format';
import type { Notice } from './dispatching';
import { say } from './words';

/** What the bar is given. */
export interface NoticeBarProps {
  readonly lang: Lang;
  readonly notice: Notice | undefined;
  readonly now: number;
  undo(): void;
  dismiss(): void;
}

/** The bar; it is there, empty, before there is anything to tell, so that it is read out. */
export function NoticeBar({ lang, notice, now, undo, dismiss }: NoticeBarProps) {
  const left = notice?.undo ? Math.ceil((notice.undo.until - now) / 1000) : 0;
  return (
    <div class="notice-place" role="status" aria-live="polite">
      {notice && (
        <div class={`notice ${notice.kind}`}>
          <span>
            {notice.text}
            {notice.detail && (
              <span class="notice-detail">
                {say(lang, 'detail')}: {notice.detail}
              </span>
            )}
          </span>
          {left > 0 && (
            <button type="button" class="button undo" onClick={() => undo()}>
              {say(lang, 'undoLeft', { n: left })} <kbd>U</kbd>
            </button>
          )}
          <button type="button" class="button quiet" aria-label={say(lang, 'dismiss')} onClick={() => dismiss()}>
            ✕
          </button>
        </div>
      )}
    </div>
  );
}
