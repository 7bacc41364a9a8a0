// Paper is light: while a page is printed it has the light theme, and what is drawn on a canvas is drawn again in its colours.

import { useEffect } from 'preact/hooks';
import type { Theme } from './theme';

/** The event of the window after the colours of the page have changed for the printer, or back. */
export const RECOLOURED = 'shapan:recoloured';

/** Gives the page the light theme while it is printed, and then its own again. */
export function usePaper(theme: Theme): void {
  useEffect(() => {
    const wear = (worn: Theme) => (): void => {
      document.documentElement.dataset['theme'] = worn;
      window.dispatchEvent(new Event(RECOLOURED));
    };
    const [before, after] = [wear('light'), wear(theme)];
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, [theme]);
}
