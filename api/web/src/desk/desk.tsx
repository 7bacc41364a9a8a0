// The page: queue, map, and what is looked at; and the keys.

import { useEffect } from 'preact/hooks';
import { HEAT } from '../map/style';
import type { LiveMap } from '../map/live';
import { langOf, Shell } from '../ui/shell';
import { MapView } from '../ui/map';
import { Filters } from './filters';
import type { Found } from './found';
import { HelpDialog } from './help';
import { commandOf, takesText, type Command } from './keys';
import { wireMap } from './mapside';
import { QUEUE_LIMIT, type Desk } from './model';
import { NoticeBar } from './noticebar';
import { Queue, stepQueue } from './queue';
import { ReasonDialog } from './reason';
import { Search } from './search';
import { search } from './services';
import { Side } from './side';
import { binds } from './assignments';
import { say } from './words';

/** The layers that are not shown, for they tell nothing about who should go. */
const HIDDEN: readonly string[] = [HEAT, 'facilities', 'screens'];
const shown = (layer: string): boolean => !HIDDEN.includes(layer);

/** How near the map goes to what was found, at most. */
const FOUND_ZOOM = 17;

/** The page of a desk. */
export function DeskPage({ desk }: { readonly desk: Desk }) {
  const { address, connection } = desk;
  const lang = langOf(address.state.value);
  const style = desk.style.value;
  useEffect(() => {
    const press = (e: KeyboardEvent): void => onKey(e, desk);
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [desk]);
  return (
    <Shell page="dispatch" address={address} connection={connection} tools={<Tools desk={desk} />}>
      <main class="desk">
        <Left desk={desk} />
        {style ? (
          <MapView
            lang={lang}
            connection={connection}
            style={style}
            shown={shown}
            ready={(map) => ready(map, desk)}
            events={{ moved: (view) => address.change({ view }) }}
            options={mapOptions(desk)}
          />
        ) : (
          <div class="map" />
        )}
        <Side desk={desk} />
      </main>
      <NoticeBar lang={lang} notice={desk.dispatching.notice.value} now={desk.now.value} undo={() => desk.dispatching.undo()} dismiss={() => (desk.dispatching.notice.value = undefined)} />
      <Dialogs desk={desk} />
    </Shell>
  );
}

function mapOptions(desk: Desk) {
  const view = desk.address.state.peek().view;
  return view ? { center: [view.lon, view.lat] as [number, number], zoom: view.zoom, bearing: view.bearing, pitch: view.pitch } : {};
}

function ready(live: LiveMap, desk: Desk): () => void {
  desk.map.value = live;
  const end = wireMap(live, desk);
  return () => {
    desk.map.value = undefined;
    end();
  };
}

function Tools({ desk }: { readonly desk: Desk }) {
  const lang = langOf(desk.address.state.value);
  const near = (): [number, number] | undefined => {
    const center = desk.map.peek()?.gl.getCenter();
    return center && [center.lng, center.lat];
  };
  return (
    <>
      <Search lang={lang} ask={(text, signal) => search(desk.connection.client, text, near(), lang, signal)} choose={(found) => show(found, desk)} />
      {desk.mayDispatch.value && (
        <button type="button" class="button" onClick={() => enter(desk)}>
          {say(lang, 'newEvent')} <kbd>N</kbd>
        </button>
      )}
      <button type="button" class="button" aria-label={say(lang, 'help')} onClick={() => (desk.help.value = true)}>
        ?
      </button>
    </>
  );
}

/** Shows what was found: an event with its ranking, anything else as a place. */
function show(found: Found, desk: Desk): void {
  const b = found.bounds;
  if (b) desk.map.peek()?.gl.fitBounds([[b[0], b[1]], [b[2], b[3]]], { padding: 80, maxZoom: FOUND_ZOOM, duration: 0 });
  if (found.layer === 'events') desk.openEvent(found.id);
  else desk.openPlace(found.at);
}

function enter(desk: Desk): void {
  const state = desk.address.state.peek();
  const center = desk.map.peek()?.gl.getCenter();
  const at = state.at ?? desk.event.peek()?.at ?? (center && ([center.lng, center.lat] as const));
  desk.address.change({ entering: true, event: undefined, ...(at ? { at } : {}) }, true);
}

function Left({ desk }: { readonly desk: Desk }) {
  const state = desk.address.state.value;
  const lang = langOf(state);
  const { events, queue, open } = desk;
  const severities = desk.codes('events', 'severity');
  const areas = [...desk.areas.value].map(([value, title]) => ({ value, title }));
  const n = queue.value.length;
  return (
    <section class="queue" aria-label={say(lang, 'queue')}>
      <div class="queue-head">
        <h2>
          {say(lang, 'queue')} {open.value !== undefined && <small class="quiet">{n === open.value ? say(lang, 'queueCount', { n }) : say(lang, 'queueOf', { n, all: open.value })}</small>}
        </h2>
        <Filters lang={lang} severities={severities.map((value) => ({ value, title: desk.title('events', 'severity', value) }))} areas={areas} severity={state.severity} group={state.group ?? 'all'} area={state.area} change={(parts) => desk.address.change(parts)} />
      </div>
      {open.value !== undefined && (
        <Queue
          lang={lang}
          events={queue.value}
          chosen={state.event}
          now={desk.lately.value}
          calendar={desk.calendar.value}
          severities={severities}
          title={(field, value) => desk.title('events', field, value)}
          where={(e) => desk.areas.value.get(e.community) ?? ''}
          held={(e) => desk.assignments.value.filter((a) => a.event === e.id && binds(a, desk.lately.value)).map((a) => desk.post(a.code))}
          open={(id) => desk.openEvent(id)}
        />
      )}
      <p class="quiet small queue-foot">
        {say(lang, desk.calendar.value ? 'workingTime' : 'calendarTime')}
        {(open.value ?? 0) > events.value.length && ` · ${say(lang, 'truncated', { n: QUEUE_LIMIT })}`}
      </p>
    </section>
  );
}

function Dialogs({ desk }: { readonly desk: Desk }) {
  const lang = langOf(desk.address.state.value);
  const { dispatching } = desk;
  const asking = dispatching.asking.value;
  return (
    <>
      {desk.help.value && <HelpDialog lang={lang} closed={() => (desk.help.value = false)} />}
      {asking && (
        <ReasonDialog
          lang={lang}
          title={asking.kind === 'send' ? say(lang, 'overrideTitle', { first: asking.first, who: asking.candidate.post }) : say(lang, 'moveReason', { move: say(lang, asking.move), who: asking.post })}
          hint={asking.kind === 'send' ? say(lang, 'overrideHint', { rank: asking.candidate.rank }) : ''}
          usual={asking.kind === 'send'}
          draft={dispatching.draft.peek()}
          busy={dispatching.busy.value}
          done={(reason) => void dispatching.answer(reason)}
          closed={() => (dispatching.asking.value = undefined)}
        />
      )}
    </>
  );
}

function onKey(e: KeyboardEvent, desk: Desk): void {
  if (e.defaultPrevented || document.querySelector('dialog[open]')) return;
  const command = commandOf(e, takesText(e.target));
  if (!command) return;
  e.preventDefault();
  obey(command, desk);
}

function obey(command: Command, desk: Desk): void {
  const { dispatching } = desk;
  switch (command) {
    case 'up':
    case 'down':
      return stepQueue(document, command === 'up' ? -1 : 1);
    case 'send':
      if (desk.candidate.value) dispatching.send(desk.candidate.value);
      return;
    case 'undo':
      return dispatching.undo();
    case 'new':
      if (desk.mayDispatch.value) enter(desk);
      return;
    case 'search':
      return document.getElementById('search')?.focus();
    case 'help':
      desk.help.value = true;
      return;
    case 'back':
      return back(desk);
    default: {
      const candidate = desk.candidates.value[Number(command.slice('pick'.length)) - 1];
      if (candidate) desk.picked.value = candidate.id;
    }
  }
}

/** One step back: out of the form, then away from what is looked at, to its row in the queue. */
function back(desk: Desk): void {
  const state = desk.address.state.peek();
  if (state.entering) desk.address.change({ entering: undefined }, true);
  else if (desk.subject.peek()) {
    desk.close();
    stepQueue(document, 0);
  } else desk.dispatching.notice.value = undefined;
}
