// The state of the page in its address: #lang=en&theme=dark&view=15.20/30.56700/114.30800/0/0

import { formatCamera, parseCamera, type Camera } from '../map/camera';
import type { Codec } from '../ui/address';
import type { CommonState } from '../ui/shell';
import { readTheme } from '../ui/theme';

/** What the address can say; what it does not say is left to the defaults. */
export interface State extends CommonState {
  readonly view?: Camera;
}

/** How it is written. */
export const codec: Codec<State> = {
  read(words) {
    const lang = words.get('lang');
    const theme = readTheme(words.get('theme'));
    const view = parseCamera(words.get('view'));
    return { ...(lang === 'zh' || lang === 'en' ? { lang } : {}), ...(theme ? { theme } : {}), ...(view ? { view } : {}) };
  },
  write(state) {
    const words = new URLSearchParams();
    if (state.lang) words.set('lang', state.lang);
    if (state.theme) words.set('theme', state.theme);
    if (state.view) words.set('view', formatCamera(state.view));
    return words;
  },
};
