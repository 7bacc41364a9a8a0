// What a candidate costs, term by term: a bar to compare by, and the figures to read.

import type { Lang } from '../words/format';
import { TERMS, type Candidate, type Term } from './ranking';
import { say, type DeskWord } from './words';

const WORDS: Readonly<Record<Term, DeskWord>> = {
  eta: 'eta', responsibility: 'responsibility', load: 'load', fairness: 'fairness', uncertainty: 'uncertaintyTerm', cover: 'cover', skill: 'skill',
};

/** What the bar is given; `most` is the cost that fills it. */
export interface CostProps {
  readonly lang: Lang;
  readonly candidate: Candidate;
  readonly most: number;
}

/** The bar: a piece for each term, as long as its minutes; skill, which is taken off, has none. */
export function CostBar({ lang, candidate, most }: CostProps) {
  let x = 0;
  const scale = 100 / Math.max(most, 0.1);
  return (
    <svg class="cost-bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={say(lang, 'perCost')}>
      {TERMS.filter((t) => t !== 'skill').map((t) => {
        const width = candidate.terms[t] * scale;
        const piece = <rect key={t} class={`term ${t}`} x={x} y="0" width={width} height="6" />;
        x += width;
        return piece;
      })}
    </svg>
  );
}

/** The terms with their minutes. */
export function CostTerms({ lang, candidate }: Omit<CostProps, 'most'>) {
  return (
    <dl class="cost-terms" aria-label={say(lang, 'perCost')}>
      {TERMS.map((t) => (
        <div key={t} class={candidate.terms[t] === 0 ? 'zero' : ''}>
          <dt>
            <i class={`term ${t}`} aria-hidden="true" />
            {say(lang, WORDS[t])}
          </dt>
          <dd>
            {t === 'skill' && candidate.terms[t] > 0 ? '−' : ''}
            {candidate.terms[t].toFixed(1)}
          </dd>
        </div>
      ))}
      <div class="sum">
        <dt>{say(lang, 'total')}</dt>
        <dd>{candidate.cost.toFixed(1)}</dd>
      </div>
    </dl>
  );
}
