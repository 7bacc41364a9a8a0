// The ranking: who is proposed and why, who else could go, who cannot, and what happens if nobody answers.

import type { ComponentChildren } from 'preact';
import type { Lang } from '../words/format';
import { CandidateRow } from './candidate';
import type { Candidate, Ranking, RoleList } from './ranking';
import { MOST_K } from './state';
import { say, type DeskWord } from './words';

/** What the ranking is given. */
export interface RankedProps {
  readonly lang: Lang;
  readonly ranking: Ranking;
  readonly list: RoleList;
  readonly candidates: readonly Candidate[];
  readonly chosen: number | undefined;
  readonly busy: boolean;
  /** Whether the caller may send. */
  readonly may: boolean;
  choose(id: number): void;
  send(candidate: Candidate): void;
  role(role: string): void;
  more(): void;
}

const POLICIES: readonly string[] = ['responsible_first', 'balanced', 'nearest_first'];

/** The ranking of what is looked at. */
export function Ranked(p: RankedProps) {
  const { lang, ranking, list } = p;
  const most = Math.max(...p.candidates.map((c) => c.cost + c.terms.skill), 0);
  return (
    <section class="ranked" aria-label={say(lang, 'ranking')}>
      <h3>
        {say(lang, 'ranking')} <small class="quiet">{say(lang, 'available', { n: list.available })}</small>
      </h3>
      {ranking.lists.length > 1 && (
        <div class="chips" role="group" aria-label={say(lang, 'roles')}>
          {ranking.lists.map((l) => (
            <button key={l.role} type="button" class="chip" aria-pressed={l.role === list.role} onClick={() => p.role(l.role)}>
              {l.title[lang]}
            </button>
          ))}
        </div>
      )}
      <p class="summary">{list.summary[lang]}</p>
      {list.whyNotNearest[lang] && (
        <p class="why-not">
          <b>{say(lang, 'whyNotNearest')}</b> {list.whyNotNearest[lang]}
        </p>
      )}
      <ol class="candidates" aria-label={say(lang, 'candidates')}>
        {p.candidates.map((c) => (
          <CandidateRow key={c.id} lang={lang} candidate={c} chosen={c.id === p.chosen} most={most} busy={p.busy} choose={() => p.choose(c.id)} send={p.may ? () => p.send(c) : undefined} />
        ))}
      </ol>
      {p.candidates.length < Math.min(MOST_K, list.available) && (
        <button type="button" class="button" onClick={() => p.more()}>
          {say(lang, 'more')}
        </button>
      )}
      {p.candidates.some((c) => c.method !== 'network') && <p class="quiet small">{say(lang, 'estimateNote')}</p>}
      <ExcludedPeople lang={lang} list={list} />
      <Escalation lang={lang} ranking={ranking} />
      <Basis lang={lang} ranking={ranking} />
    </section>
  );
}

function ExcludedPeople({ lang, list }: { readonly lang: Lang; readonly list: RoleList }) {
  const n = list.excluded.length + list.excludedMore;
  if (n === 0) return null;
  return (
    <Fold title={say(lang, 'excluded', { n })}>
      <ul class="plain excluded">
        {list.excluded.map((e) => (
          <li key={e.id}>
            {e.post} <span class="quiet">{e.reason[lang]}</span>
          </li>
        ))}
        {list.excludedMore > 0 && <li class="quiet">{say(lang, 'andMore', { n: list.excludedMore })}</li>}
      </ul>
    </Fold>
  );
}

function Escalation({ lang, ranking }: { readonly lang: Lang; readonly ranking: Ranking }) {
  if (ranking.steps.length === 0) return null;
  return (
    <Fold title={`${say(lang, 'escalation')}${ranking.atOnce ? ` · ${say(lang, 'atOnce')}` : ''}`}>
      <ol class="plain">
        {ranking.steps.map((s) => (
          <li key={`${s.after} ${s.to}`}>{say(lang, 'escalationStep', { n: s.after, who: [say(lang, `to_${s.to}` as DeskWord), s.who?.post].filter(Boolean).join(' ') })}</li>
        ))}
      </ol>
      {ranking.inform.length > 0 && (
        <p>
          {say(lang, 'informed')}: {ranking.inform.map((c) => c.post).join(', ')}
        </p>
      )}
    </Fold>
  );
}

function Basis({ lang, ranking }: { readonly lang: Lang; readonly ranking: Ranking }) {
  const policy = POLICIES.includes(ranking.policy) ? say(lang, ranking.policy as DeskWord) : ranking.policy;
  return (
    <Fold title={`${say(lang, 'basis')} · ${say(lang, 'policy')} ${policy}`}>
      <p class="small">
        {say(lang, 'parameters', { v: ranking.parameters })} · {say(lang, 'hash', { h: ranking.hash.slice(0, 12) })}
      </p>
      {ranking.notes.map((n) => (
        <p key={n} class="small">
          {n}
        </p>
      ))}
    </Fold>
  );
}

/** Something that can be unfolded. */
function Fold({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <details class="fold">
      <summary>{title}</summary>
      {children}
    </details>
  );
}
