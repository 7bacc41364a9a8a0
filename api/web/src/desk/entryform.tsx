// The form of a new event: the place from the map, the grid and its leader filled in, similar events near by shown.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { ProblemError } from '../service/client';
import type { Lang } from '../words/format';
import { deadlineOf, featureOf, missing, severityOf, type Draft, type Missing } from './entry';
import type { DeskEvent } from './events';
import { PlaceFacts } from './placecard';
import type { PlaceCard } from './place';
import type { Place } from './state';
import { say, type DeskWord } from './words';
import type { WorkCalendar } from './worktime';

/** One of the values of a code field. */
export interface Choice {
  readonly value: string;
  readonly title: string;
}

/** What the form is given. */
export interface EntryFormProps {
  readonly lang: Lang;
  readonly at: Place | undefined;
  readonly choices: Readonly<Record<'category' | 'domain' | 'severity' | 'source', readonly Choice[]>>;
  readonly calendar: WorkCalendar | undefined;
  /** The time, in milliseconds. */
  readonly now: number;
  facility(category: string): string;
  /** Asks whose grid a place is in. */
  locate(at: Place): Promise<PlaceCard>;
  /** The domain that events of a category have, undefined where there are none. */
  domainOf(category: string): Promise<string | undefined>;
  /** Open events of a domain near a place, the nearest first. */
  similar(at: Place, domain: string): Promise<readonly (DeskEvent & { readonly metres: number })[]>;
  /** Writes the event under a key and answers with its id. */
  save(feature: unknown, key: string): Promise<number>;
  saved(id: number): void;
  openEvent(id: number): void;
  cancel(): void;
}

const EMPTY: Draft = { title: '', category: '', domain: '', level: 2, severity: '', source: '', deadline: '' };

/** The form. */
export function EntryForm(p: EntryFormProps) {
  const { lang, at } = p;
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({});
  const [saving, setSaving] = useState(false);
  const key = useRef(crypto.randomUUID());
  const title = useRef<HTMLInputElement>(null);
  const change = (parts: Partial<Draft>): void => {
    setDraft((d) => ({ ...d, ...parts }));
    setFaults({});
    key.current = crypto.randomUUID(); // another event than the one that may have been sent
  };
  const severity = draft.severity || severityOf(draft.level, p.choices.severity.map((c) => c.value));
  const [begun] = useState(p.now); // the same event when it is sent again
  const deadline = draft.deadline || deadlineOf(draft.level, begun, p.calendar);
  useLayoutEffect(() => title.current?.focus(), []); // before anybody can press another key
  const chooseCategory = (category: string): void => {
    change({ category });
    if (category) void p.domainOf(category).then((domain) => domain && setDraft((d) => (d.category === category ? { ...d, domain } : d)), () => undefined);
  };
  const submit = async (): Promise<void> => {
    const lacks = missing(draft, at);
    if (Object.keys(lacks).length > 0 || !at) return setFaults(worded(lacks, lang));
    setSaving(true);
    try {
      p.saved(await p.save(featureOf({ ...draft, severity, deadline }, at), key.current));
    } catch (error) {
      setFaults(error instanceof ProblemError ? { [error.field || 'form']: `${say(lang, 'failed')}. ${say(lang, 'detail')}: ${error.message}` } : { form: say(lang, 'unreachable') });
      setSaving(false);
    }
  };
  return (
    <form
      class="entry"
      aria-labelledby="entry-title"
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        void submit();
      }}
    >
      <h2 id="entry-title">{say(lang, 'newEvent')}</h2>
      <p class="quiet small">{say(lang, 'newEventHint')}</p>
      <Whereabouts {...p} fault={faults['at'] ?? faults['geometry']} />
      <Field name="title" lang={lang} word="title" fault={faults['title']}>
        <input ref={title} id="entry-title-field" class="field" maxLength={120} value={draft.title} autocomplete="off" {...told('title', faults)} onInput={(e) => change({ title: e.currentTarget.value })} />
      </Field>
      <Select name="category" word="category" value={draft.category} choices={p.choices.category} lang={lang} faults={faults} change={chooseCategory} />
      <Select name="domain" word="domain" value={draft.domain} choices={p.choices.domain} lang={lang} faults={faults} change={(domain) => change({ domain })} />
      <fieldset class="levels">
        <legend>{say(lang, 'levelField')}</legend>
        {[1, 2, 3, 4, 5].map((n) => (
          <label key={n}>
            <input type="radio" name="level" checked={draft.level === n} onChange={() => change({ level: n })} /> {n}
          </label>
        ))}
      </fieldset>
      <Select name="severity" word="severity" value={severity} choices={p.choices.severity} lang={lang} faults={faults} change={(severity) => change({ severity })} />
      <Select name="source" word="source" value={draft.source} choices={p.choices.source} lang={lang} faults={faults} change={(source) => change({ source })} />
      <Field name="deadline" word="deadline" lang={lang} fault={faults['deadline_at']}>
        <input id="entry-deadline-field" class="field" type="datetime-local" value={deadline} onChange={(e) => change({ deadline: e.currentTarget.value })} />
      </Field>
      <Similar {...p} draft={draft} />
      {faults['form'] && (
        <p class="fault" role="alert">
          {faults['form']}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => p.cancel()}>
          {say(lang, 'cancel')}
        </button>
        <button type="submit" class="button primary" disabled={saving}>
          {say(lang, saving ? 'saving' : 'save')}
        </button>
      </div>
    </form>
  );
}

const worded = (lacks: Missing, lang: Lang): Record<string, string> => Object.fromEntries(Object.entries(lacks).map(([field, word]) => [field, say(lang, word)]));

const told = (name: string, faults: Readonly<Record<string, string>>) => (faults[name] ? { 'aria-invalid': true as const, 'aria-describedby': `entry-${name}-fault` } : {});

/** A field with its title and what is wrong with it. */
function Field(p: { readonly name: string; readonly lang: Lang; readonly word: DeskWord; readonly fault: string | undefined; readonly children: ComponentChildren }) {
  return (
    <div class="entry-field">
      <label for={`entry-${p.name}-field`}>{say(p.lang, p.word)}</label>
      {p.children}
      {p.fault && (
        <p class="fault" id={`entry-${p.name}-fault`} role="alert">
          {p.fault}
        </p>
      )}
    </div>
  );
}

interface SelectProps {
  readonly name: string;
  readonly word: DeskWord;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly lang: Lang;
  readonly faults: Readonly<Record<string, string>>;
  change(value: string): void;
}

/** A field whose values are codes. */
function Select(p: SelectProps) {
  return (
    <Field name={p.name} lang={p.lang} word={p.word} fault={p.faults[p.name]}>
      <select id={`entry-${p.name}-field`} class="field" value={p.value} {...told(p.name, p.faults)} onChange={(e) => p.change(e.currentTarget.value)}>
        <option value="">{say(p.lang, 'choose')}</option>
        {p.choices.map((c) => (
          <option key={c.value} value={c.value}>
            {c.title}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** The place and whose it is. */
function Whereabouts({ lang, at, locate, facility, fault }: Pick<EntryFormProps, 'lang' | 'at' | 'locate' | 'facility'> & { readonly fault: string | undefined }) {
  const [card, setCard] = useState<PlaceCard | undefined>(undefined);
  useEffect(() => {
    let current = true;
    setCard(undefined);
    if (at) void locate(at).then((c) => current && setCard(c), () => undefined);
    return () => void (current = false);
  }, [at?.[0], at?.[1], lang]);
  return (
    <>
      {card && <PlaceFacts lang={lang} card={card} category={facility} />}
      {!at && <p class="quiet">{say(lang, 'placeNeeded')}</p>}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

/** Open events near by that may be the same matter. */
function Similar({ lang, at, draft, similar, openEvent }: Pick<EntryFormProps, 'lang' | 'at' | 'similar' | 'openEvent'> & { readonly draft: Draft }) {
  const [found, setFound] = useState<readonly (DeskEvent & { readonly metres: number })[]>([]);
  useEffect(() => {
    let current = true;
    setFound([]);
    if (at && draft.domain) void similar(at, draft.domain).then((events) => current && setFound(events), () => undefined);
    return () => void (current = false);
  }, [at?.[0], at?.[1], draft.domain]);
  return (
    <div role="status">
      {found.length > 0 && (
        <div class="similar">
          <p>{say(lang, 'similar')}</p>
          <ul class="plain">
            {found.map((e) => (
              <li key={e.id}>
                {e.title} · {say(lang, 'metres', { n: Math.round(e.metres) })} {e.category === draft.category && <span class="tag">{say(lang, 'sameCategory')}</span>}{' '}
                <button type="button" class="button small" onClick={() => openEvent(e.id)}>
                  {say(lang, 'openThat')}
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
