// The page: the map under everything, panels at the sides, and what lies over both.

import { computed, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { TokenDialog } from '../ui/token';
import { Crumbs } from './crumbs';
import { DrivesView } from './drivesview';
import { Ground } from './ground';
import { Head } from './head';
import { Notices } from './notices';
import { CommunityList } from './panels/communities';
import { Days } from './panels/days';
import { EventList } from './panels/events';
import { LayerList } from './panels/layers';
import { Legend } from './panels/legend';
import { Profile } from './panels/profile';
import { Situation } from './panels/situation';
import { HEIGHT, plan, type Plan, type Span } from './plan';
import type { Wall } from './wall';

const shape = signal(window.innerWidth / window.innerHeight);
window.addEventListener('resize', () => (shape.value = window.innerWidth / window.innerHeight));

/** The whole wall. `ready` is called when the first picture is complete. */
export function Page({ wall, ready }: { wall: Wall; ready(): void }) {
  const [asking, ask] = useState(false);
  const planned = useMemo(() => computed(() => plan(shape.value * HEIGHT, wall.address.state.value.bezels)), [wall]);
  const lang = wall.lang.value;
  const bare = wall.address.state.value.hide?.includes('all') ?? false;
  useEffect(() => {
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  }, [lang]);
  useEffect(() => wall.map.peek()?.resize(), [planned.value, bare]);
  const stale = wall.connection.health.value.kind === 'stale';
  return (
    <main class={`wall${stale ? ' is-stale' : ''}${bare ? ' bare' : ''}${wall.drives.playback.on.value ? ' is-past' : ''}${wall.address.state.value.kiosk ? ' kiosk' : ''}`}>
      <Ground wall={wall} ready={ready} />
      <div class="vignette" />
      <Head wall={wall} ask={() => ask(true)} />
      {!bare && <Columns wall={wall} plan={planned.value} />}
      <div class="stage" style={place(planned.value.stage)}>
        <Crumbs wall={wall} />
        <DrivesView wall={wall} />
        <Notices wall={wall} />
        <Legend wall={wall} />
      </div>
      <TokenDialog lang={lang} open={asking} done={(token) => wall.connection.use(token)} closed={() => ask(false)} />
    </main>
  );
}

/** The columns at both sides, from the outermost left to the outermost right. */
function Columns({ wall, plan: { left, right } }: { wall: Wall; plan: Plan }) {
  const cards = wall.facts.cards.value;
  const events = wall.connection.sees('events');
  const l = [...lefts(wall, cards.length === 0 || events, left.length)];
  const r = cards.length === 0 ? [[]] : events ? [[<EventList wall={wall} />]] : [[<CommunityList wall={wall} />]];
  return (
    <>
      {left.map((span, i) => (
        <div key={`l${i}`} class="column column-left" style={place(span)}>
          {l[i]}
        </div>
      ))}
      {right.map((span, i) => (
        <div key={`r${i}`} class="column column-right" style={place(span)}>
          {r[i]}
        </div>
      ))}
    </>
  );
}

function lefts(wall: Wall, events: boolean, n: number): ComponentChildren[][] {
  const numbers = events ? [<Situation wall={wall} />, <Days wall={wall} />] : [<Profile wall={wall} />];
  const layers = <LayerList wall={wall} />;
  return n > 1 ? [numbers, [layers]] : [[...numbers, layers]];
}

const place = ({ x, width }: Span): Record<string, string> => ({ left: `${x}rem`, width: `${width}rem` });
