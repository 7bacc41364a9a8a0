// The tabs of the results; arrows move between them.

import { TABS, type Tab } from './state';
import type { View } from './view';
import { say } from './words';

/** The tabs of a layer: one without figures has no KPIs. */
const tabsOf = ({ layer }: Pick<View, 'layer'>): readonly Tab[] => TABS.filter((t) => t !== 'kpi' || layer.id === 'events');

/** The tab that is shown: the first where the address names none that there is. */
export const tabOf = (view: Pick<View, 'layer' | 'state'>): Tab => tabsOf(view).find((t) => t === view.state.tab) ?? 'table';

/** The tabs. */
export function Tabs({ view }: { view: View }) {
  const { lang } = view;
  const tabs = tabsOf(view);
  const here = tabOf(view);
  const move = (by: number): void => {
    const next = tabs[(tabs.indexOf(here) + by + tabs.length) % tabs.length];
    if (next === undefined) return;
    view.change({ tab: next });
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={say(lang, 'tabs')}>
      {tabs.map((t) => (
        <button
          key={t}
          type="button"
          role="tab"
          id={`tab-${t}`}
          aria-selected={here === t}
          {...(here === t ? { 'aria-controls': `panel-${t}` } : {})}
          tabIndex={here === t ? 0 : -1}
          onClick={() => view.change({ tab: t === 'table' ? undefined : t })}
          onKeyDown={(e) => {
            if (e.key === 'ArrowRight') move(1);
            if (e.key === 'ArrowLeft') move(-1);
          }}
        >
          {say(lang, t)}
        </button>
      ))}
    </div>
  );
}
