// What of the queue is shown: by severity, by whether somebody was sent, by community.

import type { Lang } from '../words/format';
import { GROUPS, type Group } from './state';
import { say } from './words';

/** What the filters are given. */
export interface FiltersProps {
  readonly lang: Lang;
  readonly severities: readonly { readonly value: string; readonly title: string }[];
  readonly areas: readonly { readonly value: string; readonly title: string }[];
  /** The severities that are shown; undefined: all. */
  readonly severity: readonly string[] | undefined;
  readonly group: Group;
  readonly area: string | undefined;
  change(parts: { severity?: readonly string[] | undefined; group?: Group; area?: string | undefined }): void;
}

const GROUP_WORDS = { all: 'allGroups', waiting: 'waiting', sent: 'sent' } as const;

/** The filters of the queue. */
export function Filters(p: FiltersProps) {
  const on = (value: string): boolean => p.severity?.includes(value) ?? false;
  const toggle = (value: string): void => {
    const next = on(value) ? (p.severity ?? []).filter((s) => s !== value) : [...(p.severity ?? []), value];
    p.change({ severity: next.length === 0 || next.length === p.severities.length ? undefined : next });
  };
  return (
    <div class="filters">
      <div role="group" aria-label={say(p.lang, 'severityFilter')} class="chips">
        {[...p.severities].reverse().map((s) => (
          <button key={s.value} type="button" class="chip" aria-pressed={on(s.value)} onClick={() => toggle(s.value)}>
            {s.title}
          </button>
        ))}
      </div>
      <div role="group" aria-label={say(p.lang, 'groupFilter')} class="chips">
        {GROUPS.map((g) => (
          <button key={g} type="button" class="chip" aria-pressed={p.group === g} onClick={() => p.change({ group: g })}>
            {say(p.lang, GROUP_WORDS[g])}
          </button>
        ))}
        <select class="field small" aria-label={say(p.lang, 'areaFilter')} value={p.area ?? ''} onChange={(e) => p.change({ area: e.currentTarget.value || undefined })}>
          <option value="">{say(p.lang, 'allAreas')}</option>
          {p.areas.map((a) => (
            <option key={a.value} value={a.value}>
              {a.title}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
