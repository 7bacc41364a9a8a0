// Says what the caller may not see or do, and offers the way on.

import type { Lang } from '../words/format';
import { say } from './words';

/** What the gate is given. */
export interface GateProps {
  readonly lang: Lang;
  /** Whether there is a token, and whether events and responders are seen with it. */
  readonly known: boolean;
  readonly seen: boolean | undefined;
  readonly may: boolean;
  ask(): void;
}

/** The sentence; nothing where everything is allowed, or before that is known. */
export function Gate({ lang, known, seen, may, ask }: GateProps) {
  if (seen === undefined || may) return null;
  return (
    <div class="gate" role="note">
      <p>{say(lang, seen ? 'readOnly' : known ? 'notSeen' : 'needToken')}</p>
      {!seen && (
        <button type="button" class="button primary" onClick={() => ask()}>
          {say(lang, 'enterToken')}
        </button>
      )}
    </div>
  );
}
