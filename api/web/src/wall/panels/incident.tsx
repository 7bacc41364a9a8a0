// The panels of an incident: what it is and how far it has come, who should go, what is near.

import { Fragment, type ComponentChildren } from 'preact';
import { valueNumber, valueText, valueTime, type Item } from '../../service/data';
import { clock, count, day, span } from '../../words/format';
import { say } from '../../words/text';
import { stepsOf, type Candidate } from '../incident';
import { Panel } from '../panel';
import { Sign } from '../sign';
import type { Wall } from '../wall';
import { signOf, wordOf } from '../wording';
import { tell } from '../words';

const NEAR = 6;

/** What it is. */
export function IncidentCard({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const item = wall.incident.event.value.value;
  const missing = wall.incident.event.settled.value || !wall.connection.sees('events'); // no answer yet is none
  const leave = (
    <button class="quiet" type="button" onClick={() => wall.back()}>
      {tell(lang, 'leave')} (Esc)
    </button>
  );
  return (
    <Panel wall={wall} name="incident" title={tell(lang, 'incident')} note={leave}>
      {item ? <Facts wall={wall} item={item} /> : missing && <p class="note">{tell(lang, 'unknownEvent')}</p>}
    </Panel>
  );
}

function Facts({ wall, item }: { wall: Wall; item: Item }) {
  const lang = wall.lang.value;
  const level = valueNumber(item, 'level');
  const sign = signOf(wall, valueText(item, 'severity'));
  const words = ['domain', 'category', 'source', 'subject'].map((field) => [wall.facts.card('events')?.fields.get(field) ?? field, wordOf(wall, field, valueText(item, field))] as const);
  const grid = valueText(item, 'grid');
  return (
    <div class="incident">
      <p class="incident-title">
        <Sign shape={sign.shape} color={sign.color} />
        <strong>{valueText(item, 'title')}</strong>
        {level !== undefined && <b class={`chip chip-${level}`}>{level}</b>}
      </p>
      <p>
        {wall.placeOf(item)} {grid && wall.facts.areas.value.name(grid)}
      </p>
      <dl>
        {words.map(([label, word]) => word !== '' && (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{word}</dd>
          </div>
        ))}
      </dl>
      <Deadline wall={wall} item={item} />
      <p class="note">{valueText(item, 'code') || say(lang, 'outside')}</p>
    </div>
  );
}

function Deadline({ wall, item }: { wall: Wall; item: Item }) {
  const lang = wall.lang.value;
  const at = valueTime(item, 'deadline_at');
  const done = valueTime(item, 'closed_at') ?? valueTime(item, 'cancelled_at');
  if (at === undefined) return null;
  const left = at - (done ?? wall.now.value);
  return (
    <p class={`incident-deadline${left < 0 ? ' over' : ''}`}>
      <span>{tell(lang, 'deadline')}</span> {day(at)} {clock(at).slice(0, 5)}
      <b>{tell(lang, left < 0 ? 'overdue' : 'left', { span: span(Math.abs(left), lang) })}</b>
    </p>
  );
}

/** How far it has come. */
export function Timeline({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const item = wall.incident.event.value.value;
  const titles = wall.facts.card('events')?.fields;
  const steps = item ? stepsOf(item) : [];
  return (
    <Panel wall={wall} name="timeline" title={tell(lang, 'timeline')}>
      <ol class="timeline">
        {steps.map(({ field, at }, i) => {
          const before = steps.slice(0, i).findLast((s) => s.at !== undefined)?.at;
          return (
            <li key={field} class={at === undefined ? 'to-come' : 'done'} data-whole>
              <span>{(titles?.get(field) ?? field).replace(/时间$/, '')}</span>
              <time>{at === undefined ? '' : `${day(at).slice(5)} ${clock(at).slice(0, 5)}`}</time>
              <em>{at !== undefined && before !== undefined ? `+${span(at - before, lang)}` : ''}</em>
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}

/** Who should go, and why. */
export function Rankings({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const rankings = wall.incident.rankings.value.value;
  return (
    <Panel wall={wall} name="rankings" title={tell(lang, 'responders')}>
      <ol class="rankings">
        {rankings?.every((r) => r.candidates.length === 0) && <li class="note">{tell(lang, 'nobody')}</li>}
        {rankings?.map(({ role, title, candidates }) => candidates.length > 0 && (
          <Fragment key={role}>
            <li class="role">{title[lang]}</li>
            {candidates.map((candidate) => (
              <CandidateRow key={candidate.id} wall={wall} candidate={candidate} />
            ))}
          </Fragment>
        ))}
      </ol>
    </Panel>
  );
}

function CandidateRow({ wall, candidate: c }: { wall: Wall; candidate: Candidate }) {
  const lang = wall.lang.value;
  return (
    <li class={`candidate${c.rank === 1 ? ' first' : ''}`} data-whole>
      <b>{c.rank}</b>
      <strong>{c.post}</strong>
      <span>{tell(lang, 'walk', { n: c.minutes.toFixed(1) })}</span>
      <p>{c.reason[lang]}</p>
    </li>
  );
}

/** What can be walked to. */
export function Near({ wall }: { wall: Wall }) {
  const lang = wall.lang.value;
  const reaches = wall.incident.reaches.value;
  const widest = reaches.at(-1);
  const rows: ComponentChildren[] = (widest?.facilities ?? []).slice(0, NEAR).map((f) => (
    <li key={f.title} data-whole>
      <span>{f.title}</span>
      <strong>{tell(lang, 'metres', { n: count(f.metres) })}</strong>
      <em>{f.count}</em>
    </li>
  ));
  return (
    <Panel wall={wall} name="near" title={tell(lang, 'facilitiesNear')} note={reaches.map((r) => tell(lang, 'minutes', { n: r.minutes })).join(' · ')}>
      <p class="near-homes">{reaches.map((r) => <span key={r.minutes} class={`walk-${r.minutes}`}>{tell(lang, 'inReach', { n: count(r.households), minutes: r.minutes })}</span>)}</p>
      <ol class="near">{rows}</ol>
    </Panel>
  );
}
