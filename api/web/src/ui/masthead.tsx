// The top of the desk and of the analyst's page: where one is, how fresh the data is, language, theme and token.

import type { ComponentChildren } from 'preact';
import type { Health } from '../service/health';
import { ago, type Lang } from '../words/format';
import { say, type Word } from '../words/text';
import type { Theme } from './theme';

/** What the masthead shows and whom it tells. */
export interface MastheadProps {
  readonly lang: Lang;
  readonly theme: Theme;
  /** Which page this is. */
  readonly page: 'dispatch' | 'analysis';
  readonly health: Health;
  /** What is wrong with the service, in a sentence; undefined when nothing is. */
  readonly trouble: string | undefined;
  readonly publicView: boolean;
  readonly children?: ComponentChildren;
  onLang(lang: Lang): void;
  onTheme(theme: Theme): void;
  onToken(): void;
}

const PAGES = [
  { page: 'wall', word: 'wallPage' },
  { page: 'dispatch', word: 'dispatchPage' },
  { page: 'analysis', word: 'analysisPage' },
] as const satisfies readonly { page: string; word: Word }[];

/** The top of a page. */
export function Masthead(p: MastheadProps) {
  const { lang } = p;
  return (
    <header class="masthead">
      <h1>{say(lang, 'oneMap')}</h1>
      <nav aria-label={say(lang, 'pages')}>
        {PAGES.map(({ page, word }) => (
          <a key={page} href={`/ui/${page}#lang=${lang}`} {...(page === p.page ? { 'aria-current': 'page' as const } : {})}>
            {say(lang, word)}
          </a>
        ))}
      </nav>
      {p.children}
      <span class="rest" />
      {p.trouble !== undefined && (
        <span role="alert" class="trouble">
          {p.trouble}
        </span>
      )}
      <span class={`health ${p.health.kind}`} role="status">
        {healthText(p.health, lang)}
      </span>
      <button class="button" type="button" onClick={() => p.onToken()}>
        {say(lang, p.publicView ? 'publicView' : 'token')}
      </button>
      <button class="button" type="button" onClick={() => p.onTheme(p.theme === 'dark' ? 'light' : 'dark')}>
        {say(lang, p.theme === 'dark' ? 'lightTheme' : 'darkTheme')}
      </button>
      <button class="button" type="button" lang={lang === 'zh' ? 'en' : 'zh-CN'} onClick={() => p.onLang(lang === 'zh' ? 'en' : 'zh')}>
        {say(lang, 'other')}
      </button>
    </header>
  );
}

/** How fresh the data is, in words. */
export function healthText(health: Health, lang: Lang): string {
  switch (health.kind) {
    case 'joining':
      return say(lang, 'joining');
    case 'live':
      return `${say(lang, 'live')} · ${say(lang, 'dataAge', { age: ago(health.age, lang) })}`;
    case 'reconnecting':
      return `${say(lang, 'reconnecting')} · ${say(lang, 'dataAge', { age: ago(health.age, lang) })}`;
    case 'stale':
      return `${say(lang, 'stale')} · ${say(lang, 'dataAge', { age: ago(health.age, lang) })}`;
  }
}

