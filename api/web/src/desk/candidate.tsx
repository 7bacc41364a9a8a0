// One who can be sent: rank, minutes with their range, reasons in words, and what it costs.

import { ago, type Lang } from '../words/format';
import { CostBar, CostTerms } from './cost';
import { metresText } from './placecard';
import type { Candidate } from './ranking';
import { say } from './words';

/** What the candidate is given. */
export interface CandidateProps {
  readonly lang: Lang;
  readonly candidate: Candidate;
  readonly chosen: boolean;
  /** The highest cost of the list, which fills a bar. */
  readonly most: number;
  /** Absent where the caller may not send. */
  readonly send?: (() => void) | undefined;
  readonly busy: boolean;
  choose(): void;
}

/** A candidate; the one that is chosen shows everything. */
export function CandidateRow({ lang, candidate: c, chosen, most, send, busy, choose }: CandidateProps) {
  const range = say(lang, 'range', { a: c.range[0].toFixed(1), b: c.range[1].toFixed(1) });
  return (
    <li class={`candidate${chosen ? ' chosen' : ''}`}>
      <button type="button" class="candidate-head" aria-pressed={chosen} aria-label={`${say(lang, 'rankOf', { n: c.rank })} ${c.post}, ${range}`} onClick={() => choose()} data-rank={c.rank}>
        <span class="rank">{c.rank}</span>
        <span class="post">{c.post}</span>
        <span class="eta">
          <b>{say(lang, 'etaMinutes', { n: c.terms.eta.toFixed(1) })}</b> <small>{range}</small>
        </span>
        <span class="way">
          {metresText(c.metres, lang)} · <span class={c.method}>{say(lang, c.method === 'network' ? 'byRoute' : 'byEstimate')}</span>
        </span>
        <span class="cost">{say(lang, 'cost', { n: c.cost.toFixed(1) })}</span>
        <CostBar lang={lang} candidate={c} most={most} />
      </button>
      {chosen && (
        <div class="candidate-more">
          {send && (
            <button type="button" class="button primary send" disabled={busy} onClick={() => send()}>
              {say(lang, busy ? 'sending' : 'sendTo', { who: c.post })} <kbd>S</kbd>
            </button>
          )}
          <p>{c.reason[lang]}</p>
          <p class="quiet small">
            {positionText(c, lang)} · {say(lang, 'uncertainty', { n: Math.round(c.position.uncertainty) })}
          </p>
          <CostTerms lang={lang} candidate={c} />
        </div>
      )}
    </li>
  );
}

function positionText({ position: p }: Candidate, lang: Lang): string {
  if (p.state === 'fresh') return say(lang, 'fresh');
  return p.state === 'ageing' && p.age !== undefined ? say(lang, 'ageing', { age: ago(p.age * 1000, lang) }) : say(lang, 'stalePosition');
}
