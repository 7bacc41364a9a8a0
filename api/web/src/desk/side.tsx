// The right side: the event or place that is looked at with its ranking, or the form of a new event.

import type { Desk } from './model';
import { EntryForm, type Choice } from './entryform';
import { EventHead } from './eventhead';
import { Gate } from './gate';
import { DispatchLog, Held } from './held';
import { isOpen } from './events';
import { PlaceFacts } from './placecard';
import { Ranked } from './ranked';
import { domainOf, locate, report, similar } from './services';
import { MOST_K, USUAL_LEVEL } from './state';
import { clock, day } from '../words/format';
import { langOf } from '../ui/shell';
import { say } from './words';

/** The right side. */
export function Side({ desk }: { readonly desk: Desk }) {
  const state = desk.address.state.value;
  const lang = langOf(state);
  const { connection } = desk;
  const entering = state.entering === true && desk.mayDispatch.value;
  return (
    <aside class="side" aria-label={say(lang, 'side')} tabIndex={-1}>
      <Gate lang={lang} known={connection.known.value} seen={desk.seen.value} may={desk.mayDispatch.value} ask={() => (connection.asking.value = true)} />
      {entering ? <Entry desk={desk} /> : desk.subject.value ? <Subject desk={desk} /> : <Nothing desk={desk} />}
    </aside>
  );
}

function Nothing({ desk }: { readonly desk: Desk }) {
  const lang = langOf(desk.address.state.value);
  return (
    <div class="nothing">
      <p>{say(lang, 'pickSomething')}</p>
      <p class="quiet small">{say(lang, 'pickHint')}</p>
    </div>
  );
}

function Subject({ desk }: { readonly desk: Desk }) {
  const state = desk.address.state.value;
  const lang = langOf(state);
  const event = desk.event.value;
  const subject = desk.subject.value;
  return (
    <>
      <div class="side-tools">
        <button type="button" class="button small" onClick={() => window.print()}>
          {say(lang, 'print')}
        </button>
        <button type="button" class="button small" onClick={() => desk.close()}>
          {say(lang, 'closeCard')} <kbd>Esc</kbd>
        </button>
      </div>
      {event && <EventHead lang={lang} event={event} now={desk.lately.value} calendar={desk.calendar.value} severities={desk.codes('events', 'severity')} title={(field, value) => desk.title('events', field, value)} />}
      {event === null && <p role="alert">{say(lang, 'eventGone')}</p>}
      {subject?.kind === 'place' && <PlaceHead desk={desk} />}
      {desk.card.value && <PlaceFacts lang={lang} card={desk.card.value} category={(c) => desk.title('facilities', 'category', c)} />}
      <HeldPart desk={desk} />
      {event !== null && !(event && !(isOpen(event) && event.at)) && <RankingPart desk={desk} />}
      <DispatchLog lang={lang} steps={desk.log.value} post={(c) => desk.post(c)} action={(a) => desk.title('dispatch_log', 'action', a)} />
      <p class="print-only small">{say(lang, 'printed', { time: `${day(desk.lately.value)} ${clock(desk.lately.value)}` })}</p>
    </>
  );
}

function PlaceHead({ desk }: { readonly desk: Desk }) {
  const state = desk.address.state.value;
  const lang = langOf(state);
  const level = state.level ?? USUAL_LEVEL;
  return (
    <div class="event-head">
      <h2>{say(lang, 'place')}</h2>
      <div class="chips" role="group" aria-label={say(lang, 'placeLevel')}>
        {[1, 2, 3, 4, 5].map((n) => (
          <button key={n} type="button" class="chip" aria-pressed={n === level} onClick={() => desk.address.change({ level: n })}>
            {say(lang, 'level', { n })}
          </button>
        ))}
        {desk.mayDispatch.value && (
          <button type="button" class="button" onClick={() => desk.address.change({ entering: true })}>
            {say(lang, 'newEvent')} <kbd>N</kbd>
          </button>
        )}
      </div>
    </div>
  );
}

function HeldPart({ desk }: { readonly desk: Desk }) {
  return (
    <Held
      lang={langOf(desk.address.state.value)}
      held={desk.held()}
      now={desk.now.value}
      busy={desk.dispatching.busy.value}
      may={desk.mayDispatch.value}
      arrives={desk.codes('assignments', 'status').includes('arrived')}
      post={(c) => desk.post(c)}
      move={(m, a) => desk.dispatching.move(m, a.responder, desk.post(a.code), a.status)}
    />
  );
}

function RankingPart({ desk }: { readonly desk: Desk }) {
  const lang = langOf(desk.address.state.value);
  const ranking = desk.ranking.value;
  void desk.role.value; // the list below depends on it
  const list = desk.list();
  if (desk.rankingFault.value) return <p role="alert">{`${say(lang, 'nobody')} · ${say(lang, 'detail')}: ${desk.rankingFault.value}`}</p>;
  if (!ranking || !list) return desk.seen.value ? <p class="quiet asking">{say(lang, 'asking')}</p> : null;
  return (
    <Ranked
      lang={lang}
      ranking={ranking}
      list={list}
      candidates={desk.candidates.value}
      chosen={desk.candidate.value?.id}
      busy={desk.dispatching.busy.value}
      may={desk.mayDispatch.value}
      choose={(id) => (desk.picked.value = id)}
      send={(c) => desk.dispatching.send(c)}
      role={(role) => (desk.role.value = role)}
      more={() => desk.address.change({ k: MOST_K })}
    />
  );
}

function Entry({ desk }: { readonly desk: Desk }) {
  const state = desk.address.state.value;
  const lang = langOf(state);
  const { client } = desk.connection;
  const choices = (field: string): Choice[] => desk.codes('events', field).map((value) => ({ value, title: desk.title('events', field, value) }));
  return (
    <EntryForm
      calendar={desk.calendar.value}
      now={desk.lately.value}
      lang={lang}
      at={state.at ?? desk.event.value?.at}
      choices={{ category: choices('category'), domain: choices('domain'), severity: choices('severity'), source: choices('source') }}
      facility={(c) => desk.title('facilities', 'category', c)}
      locate={(at) => locate(client, at, lang)}
      domainOf={(category) => domainOf(client, category)}
      similar={(at, domain) => similar(client, at, domain)}
      save={(feature, key) => report(client, feature, key)}
      saved={(id) => desk.openEvent(id)}
      openEvent={(id) => desk.openEvent(id)}
      cancel={() => desk.address.change({ entering: undefined }, true)}
    />
  );
}
