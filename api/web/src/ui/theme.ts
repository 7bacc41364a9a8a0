// Dark or light: what the address says, else what was chosen last, else what the system prefers.

/** The themes of the desk and the analyst's page. The wall is dark. */
export type Theme = 'dark' | 'light';

const KEY = 'shapan.theme';

/** Reads a theme; undefined where the text names none. */
export const readTheme = (text: string | null | undefined): Theme | undefined => (text === 'dark' || text === 'light' ? text : undefined);

/** The theme of a page whose address says nothing. A browser that forbids its store has the system's. */
export function usualTheme(): Theme {
  try {
    const kept = readTheme(localStorage.getItem(KEY));
    if (kept) return kept;
  } catch {
    // The store is forbidden.
  }
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Remembers a theme for the next page and puts it on this one. */
export function wear(theme: Theme, keep: boolean): void {
  document.documentElement.dataset['theme'] = theme;
  if (!keep) return;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice lasts as long as the page.
  }
}
