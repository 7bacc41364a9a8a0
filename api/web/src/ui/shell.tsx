// What the desk and the analyst's page have in common: masthead, token dialog, language and theme.

import { useEffect } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Lang } from '../words/format';
import type { Address } from './address';
import type { Connection } from './connection';
import { Masthead, type MastheadProps } from './masthead';
import { usePaper } from './paper';
import { usualTheme, wear, type Theme } from './theme';
import { TokenDialog } from './token';

/** The state that every page has. */
export interface CommonState {
  readonly lang?: Lang;
  readonly theme?: Theme;
}

/** The language of a state. */
export const langOf = (state: CommonState): Lang => state.lang ?? 'zh';

/** The theme of a state. */
export const themeOf = (state: CommonState): Theme => state.theme ?? usualTheme();

/** What the shell is given. */
export interface ShellProps<State extends CommonState> {
  readonly page: MastheadProps['page'];
  readonly address: Address<State>;
  readonly connection: Connection;
  /** Goes into the masthead. */
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The shell of a page. */
export function Shell<State extends CommonState>({ page, address, connection, tools, children }: ShellProps<State>) {
  const state = address.state.value;
  const [lang, theme] = [langOf(state), themeOf(state)];
  const change = (parts: CommonState): void => address.change(parts as Partial<State>);
  useEffect(() => wear(theme, state.theme !== undefined), [theme, state.theme]);
  usePaper(theme);
  useEffect(() => {
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  }, [lang]);
  return (
    <>
      <Masthead
        lang={lang}
        theme={theme}
        page={page}
        health={connection.health.value}
        trouble={connection.trouble.value}
        publicView={!connection.known.value}
        onLang={(next) => change({ lang: next })}
        onTheme={(next) => change({ theme: next })}
        onToken={() => (connection.asking.value = true)}
      >
        {tools}
      </Masthead>
      {children}
      <TokenDialog lang={lang} open={connection.asking.value} done={(token) => connection.use(token)} closed={() => (connection.asking.value = false)} />
    </>
  );
}
