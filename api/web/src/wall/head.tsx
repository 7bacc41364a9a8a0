// The head of the wall: whose map it is, what time it is, and whether what is shown may be believed.

import type { Health } from '../service/health';
import { valueText } from '../service/data';
import { ago, clock, day, moment, span, weekday, type Lang } from '../words/format';
import { say, type Word } from '../words/text';
import { DriveButtons } from './drivesview';
import { FIX_STALE_MS } from './duty';
import { toggleFullscreen, type Wall } from './wall';
import { tell } from './words';

const WORDS: Readonly<Record<Health['kind'], Word>> = { joining: 'joining', live: 'live', reconnecting: 'reconnecting', stale: 'stale' };

const DAY_MS = 86_400_000;

/** What the head is given. */
export interface HeadProps {
  readonly wall: Wall;
  /** The middle of the title, in rem. */
  readonly title: number;
  /** Whether the layers are opened by a button, as no column has room for them. */
  readonly apart: boolean;
  /** Opens the dialog for a token. */
  ask(): void;
}

/** The head. */
export function Head({ wall, title, apart, ask }: HeadProps) {
  const lang = wall.lang.value;
  const place = wall.facts.areas.value.root?.name.replace(/街道$/, '') ?? '';
  return (
    <header class="head">
      <Clock wall={wall} />
      <div class="head-title" style={{ left: `${title}rem` }}>
        <h1>{`${place} ${say(lang, 'oneMap')}`.trim()}</h1>
        <p>{say(lang, 'subtitle')}</p>
      </div>
      <div class="head-right">
        <State wall={wall} />
        <Buttons wall={wall} apart={apart} ask={ask} />
      </div>
    </header>
  );
}

function Clock({ wall }: { wall: Wall }) {
  const now = wall.now.value;
  return (
    <div class="head-left">
      <span class="clock">{clock(now)}</span>
      <span class="date">
        {day(now)} {weekday(now, wall.lang.value)}
      </span>
      <Ages wall={wall} />
    </div>
  );
}

function State({ wall }: { wall: Wall }) {
  const health = wall.connection.health.value;
  return (
    <div class="state" role="status" data-kind={health.kind}>
      <i class="lamp" />
      <strong>{say(wall.lang.value, WORDS[health.kind])}</strong>
      <span>{stateText(health, wall.now.value, wall.lang.value)}</span>
    </div>
  );
}

/** How old each kind of fact is, whatever the connection says. */
function Ages({ wall }: { wall: Wall }) {
  const [lang, now] = [wall.lang.value, wall.now.value];
  const newest = wall.facts.figures.value.value?.newest;
  const fixes = [...(wall.facts.duty.responders.value?.values() ?? [])].map((r) => r.fixed ?? 0);
  const fixed = Math.max(0, ...fixes);
  const limits = wall.facts.areas.value.of('grids').map((grid) => valueText(grid.item, 'valid_from')).sort().at(-1);
  const parts = [
    newest === undefined ? undefined : { text: tell(lang, 'eventsAge', { age: moment(newest, now, lang) }), old: now - newest > DAY_MS },
    fixed === 0 ? undefined : { text: tell(lang, 'fixesAge', { age: moment(fixed, now, lang) }), old: now - fixed > FIX_STALE_MS },
    limits ? { text: tell(lang, 'limitsAge', { day: limits }), old: false } : undefined,
  ];
  return <div class="ages">{parts.map((part) => part && <span key={part.text} class={part.old ? 'old' : ''}>{part.text}</span>)}</div>;
}

function Buttons({ wall, apart, ask }: Pick<HeadProps, 'wall' | 'apart' | 'ask'>) {
  const lang = wall.lang.value;
  const { hide, menu } = wall.address.state.value;
  const refused = wall.connection.refused.value;
  return (
    <div class="head-buttons">
      {!wall.connection.known.value && (
        <button class={`quiet badge${refused ? ' refused' : ''}`} type="button" title={say(lang, 'enterToken')} onClick={() => ask()}>
          {refused ? say(lang, 'tokenRefused') : `${say(lang, 'publicView')} · ${say(lang, 'publicViewOther')}`}
        </button>
      )}
      <DriveButtons wall={wall} />
      <button class={`quiet${hide?.includes('all') ? ' on' : ''}`} type="button" aria-pressed={hide?.includes('all') ?? false} onClick={() => wall.fold('all')}>
        {tell(lang, 'mapOnly')}
      </button>
      {apart && (
        <button class={`quiet${menu ? ' on' : ''}`} type="button" aria-expanded={menu ?? false} onClick={() => wall.address.change({ menu: menu ? undefined : true })}>
          {tell(lang, 'layersHint')}
        </button>
      )}
      <button class="quiet" type="button" onClick={() => void toggleFullscreen()}>
        {say(lang, 'fullscreen')}
      </button>
      <button class="quiet" type="button" lang={lang === 'zh' ? 'en' : 'zh-CN'} onClick={() => wall.switchLang()}>
        {say(lang, 'other')}
      </button>
    </div>
  );
}

/** What stands beside the word for the state: the age of the data, always. */
export function stateText(health: Health, now: number, lang: Lang): string {
  switch (health.kind) {
    case 'joining':
      return '';
    case 'live':
      return say(lang, 'dataAge', { age: ago(health.age, lang) });
    case 'reconnecting':
      return `${say(lang, 'attempt', { n: Math.max(1, health.failures) })} · ${say(lang, 'dataAge', { age: ago(health.age, lang) })}`;
    case 'stale':
      return `${say(lang, 'staleSince', { time: clock(now - health.age) })} (${span(health.age, lang)})`;
  }
}
