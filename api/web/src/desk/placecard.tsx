// Where it is: grid, leader and partner with their duty, the border, and what is around.

import type { Lang } from '../words/format';
import type { Named, PlaceCard } from './place';
import { say, type DeskWord } from './words';

/** What the card is given. */
export interface PlaceCardProps {
  readonly lang: Lang;
  readonly card: PlaceCard;
  /** The title of a category of facilities. */
  category(value: string): string;
}

/** Metres in words. */
export const metresText = (m: number, lang: Lang): string => (m < 1000 ? say(lang, 'metres', { n: Math.round(m) }) : say(lang, 'km', { n: (m / 1000).toFixed(1) }));

/** The card of a position. */
export function PlaceFacts({ lang, card, category }: PlaceCardProps) {
  return (
    <section class="place" aria-label={say(lang, 'whereabouts')}>
      <p class="place-name">
        {card.outside ? say(lang, 'outside') : [card.community?.name, card.zone?.name, card.grid?.name].filter(Boolean).join(' › ')}
        {card.nearest && <span class="quiet"> · {say(lang, 'nearestGrid', { name: card.nearest.name, metres: metresText(card.nearest.metres, lang) })}</span>}
      </p>
      <dl class="facts">
        <Post lang={lang} word="leader" who={card.leader} />
        <Post lang={lang} word="partner" who={card.partner} />
        {card.border !== undefined && <Fact word={say(lang, 'border')} text={metresText(card.border, lang)} />}
        {card.events && <Fact word={say(lang, 'eventsNear', { m: card.events.metres })} text={say(lang, 'eventsNearText', { n: card.events.count, open: card.events.open })} />}
      </dl>
      <details>
        <summary>
          {say(lang, 'facilitiesNear')} · {card.at[0].toFixed(5)}, {card.at[1].toFixed(5)}
        </summary>
        <ul class="plain small">
          {card.facilities.map((f) => (
            <li key={f.name}>
              {category(f.category)} · {f.name} · {metresText(f.metres, lang)}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

function Fact({ word, text }: { readonly word: string; readonly text: string }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{text}</dd>
    </div>
  );
}

const DUTIES: readonly string[] = ['on_duty', 'off_duty', 'on_leave'];

function Post({ lang, word, who }: { readonly lang: Lang; readonly word: DeskWord; readonly who: Named | undefined }) {
  if (!who) return null;
  return (
    <div>
      <dt>{say(lang, word)}</dt>
      <dd>
        {who.name} {DUTIES.includes(who.duty) && <span class={`duty ${who.duty}`}>{say(lang, who.duty as DeskWord)}</span>} {who.phone && <span class="phone">{who.phone}</span>}
      </dd>
    </div>
  );
}
