// The page: the map under everything, panels at the sides, and what lies over both.

import { computed, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { TokenDialog } from '../ui/token';
import { Crumbs } from './crumbs';
import { keepClear } from './dodge';
import { Drawer } from './drawer';
import { DrivesView } from './drivesview';
import { DutyStrip } from './duty-strip';
import { Ground } from './ground';
import { Head } from './head';
import { Notices } from './notices';
import { AlarmPanel } from './panels/alarms';
import { CommunityList } from './panels/communities';
import { Days } from './panels/days';
import { EventList } from './panels/events';
import { IncidentCard, Near, Rankings, Timeline } from './panels/incident';
import { Kinds } from './panels/kinds';
import { KpiPanel } from './panels/kpis';
import { LayerList } from './panels/layers';
import { Legend } from './panels/legend';
import { PartsPanel } from './panels/parts';
import { Profile } from './panels/profile';
import { Situation } from './panels/situation';
import { AIR, HEIGHT, plan, type Plan, type Span } from './plan';
import { Takeover } from './takeover';
import type { Wall } from './wall';

const shape = signal(window.innerWidth / window.innerHeight);
window.addEventListener('resize', () => (shape.value = window.innerWidth / window.innerHeight));

/** The whole wall. `ready` is called when the first picture is complete. */
export function Page({ wall, ready }: { wall: Wall; ready(): void }) {
  const [asking, ask] = useState(false);
  const planned = useMemo(() => computed(() => plan(shape.value * HEIGHT, wall.address.state.value.bezels)), [wall]);
  const lang = wall.lang.value;
  const bare = wall.address.state.value.hide?.includes('all') ?? false;
  const apart = planned.value.left.length < 2 && wall.connection.sees('events'); // no column has room for the layers
  const menu = apart && (wall.address.state.value.menu ?? false);
  useEffect(() => {
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  }, [lang]);
  useEffect(() => wall.map.peek()?.resize(), [planned.value, bare]);
  const stale = wall.connection.health.value.kind === 'stale';
  return (
    <main class={`wall${stale ? ' is-stale' : ''}${bare ? ' bare' : ''}${wall.drives.playback.on.value ? ' is-past' : ''}${wall.address.state.value.kiosk ? ' kiosk' : ''}`}>
      <Ground wall={wall} ready={ready} />
      <div class="vignette" />
      <Head wall={wall} title={planned.value.title} apart={apart} ask={() => ask(true)} />
      {!bare && <Columns wall={wall} plan={planned.value} />}
      <div class="stage" style={place(planned.value.stage)}>
        <Crumbs wall={wall} />
        <DrivesView wall={wall} />
        <Notices wall={wall} />
        {menu && (
          <div class="menu">
            <LayerList wall={wall} />
          </div>
        )}
        <Legend wall={wall} />
      </div>
      {!bare && <DutyStrip wall={wall} foot={planned.value.foot} />}
      <Drawer wall={wall} />
      <Takeover wall={wall} />
      <TokenDialog lang={lang} open={asking} done={(token) => wall.connection.use(token)} closed={() => ask(false)} />
    </main>
  );
}

/** The columns at both sides, from the outermost left to the outermost right. */
function Columns({ wall, plan: { left, right, joints } }: { wall: Wall; plan: Plan }) {
  const known = wall.facts.cards.value.length > 0;
  const events = wall.connection.sees('events');
  const host = useRef<HTMLDivElement>(null);
  const screens = joints.join();
  useLayoutEffect(() => {
    const rem = window.innerHeight / HEIGHT;
    return host.current ? keepClear(host.current, joints.map((y) => y * rem), AIR * rem) : undefined;
  }, [screens, shape.value]);
  const contents = wall.address.state.value.incident !== undefined ? incident(wall, left.length, right.length) : events ? insiders(wall, left.length, right.length) : outsiders(wall, left.length);
  return (
    <div ref={host} class="columns">
      {left.map((span, i) => (
        <div key={`l${i}`} class="column column-left" style={place(span)}>
          {known && contents.left[i]}
        </div>
      ))}
      {right.map((span, i) => (
        <div key={`r${i}`} class="column column-right" style={place(span)}>
          {known && contents.right[right.length - 1 - i]}
        </div>
      ))}
    </div>
  );
}

/** What stands in the columns, each list from the edge of the wall inwards. */
interface Contents {
  readonly left: readonly ComponentChildren[];
  readonly right: readonly ComponentChildren[];
}

function insiders(wall: Wall, lefts: number, rights: number): Contents {
  const { settled, value } = wall.facts.kpis;
  const figures = value.value || !settled.value ? <KpiPanel wall={wall} /> : lefts > 1 ? <Kinds wall={wall} /> : <Days wall={wall} />;
  const first = [<Situation wall={wall} />, figures];
  const second = [<Days wall={wall} />, <LayerList wall={wall} />];
  return {
    left: lefts > 1 ? [first, second] : [first],
    right: rights > 1 ? [[<EventList wall={wall} />, <Kinds wall={wall} />], [<AlarmPanel wall={wall} always />, <PartsPanel wall={wall} />]] : [[<AlarmPanel wall={wall} />, <EventList wall={wall} />]],
  };
}

function incident(wall: Wall, lefts: number, rights: number): Contents {
  const [what, how, who, near] = [<IncidentCard wall={wall} />, <Timeline wall={wall} />, <Rankings wall={wall} />, <Near wall={wall} />];
  return {
    left: lefts > 1 ? [what, how] : [[what, how]],
    right: rights > 1 ? [[<AlarmPanel wall={wall} />, near], who] : [[<AlarmPanel wall={wall} />, who, near]],
  };
}

function outsiders(wall: Wall, lefts: number): Contents {
  const layers = <LayerList wall={wall} />;
  return { left: lefts > 1 ? [[<Profile wall={wall} />], layers] : [[<Profile wall={wall} />, layers]], right: [<CommunityList wall={wall} />] };
}

const place = ({ x, width }: Span): Record<string, string> => ({ left: `${x}rem`, width: `${width}rem` });
