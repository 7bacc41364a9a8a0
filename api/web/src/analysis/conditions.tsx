// Conditions that are typed: a range of numbers, and the text of codes.

import { useState } from 'preact/hooks';
import { rangeOf, valuesOf, withRange, withValue } from './filter';
import { numberFields, textFields, type Field } from './schema';
import type { View } from './view';
import { say } from './words';

/** A range of a field with numbers. */
export function NumberRange({ view }: { view: View }) {
  const { lang, state, layer } = view;
  const fields = numberFields(layer);
  const [name, setName] = useState(fields[0]?.name ?? '');
  if (fields.length === 0) return null;
  const [least, most] = rangeOf(state.filter, name);
  return (
    <form
      key={`${name} ${least} ${most}`}
      class="condition"
      aria-label={say(lang, 'numbers')}
      onSubmit={(e) => {
        e.preventDefault();
        const form = new FormData(e.currentTarget);
        view.refilter(withRange(state.filter, name, String(form.get('least') ?? ''), String(form.get('most') ?? '')));
      }}
    >
      <FieldPicker view={view} fields={fields} value={name} pick={setName} label={say(lang, 'numbers')} />
      <input class="field" name="least" type="number" step="any" value={least} placeholder={say(lang, 'least')} aria-label={say(lang, 'least')} />
      <input class="field" name="most" type="number" step="any" value={most} placeholder={say(lang, 'most')} aria-label={say(lang, 'most')} />
      <button class="button" type="submit">
        {say(lang, 'apply')}
      </button>
    </form>
  );
}

/** The values of a field of text. */
export function TextValue({ view }: { view: View }) {
  const { lang, state, layer } = view;
  const fields = textFields(layer);
  const [name, setName] = useState(fields[0]?.name ?? '');
  if (fields.length === 0) return null;
  return (
    <form
      key={`${name} ${valuesOf(state.filter, name).join()}`}
      class="condition"
      aria-label={say(lang, 'text')}
      onSubmit={(e) => {
        e.preventDefault();
        view.refilter(withValue(state.filter, name, String(new FormData(e.currentTarget).get('value') ?? '').trim()));
      }}
    >
      <FieldPicker view={view} fields={fields} value={name} pick={setName} label={say(lang, 'text')} />
      <input class="field wide" name="value" value={valuesOf(state.filter, name).join(',')} placeholder={say(lang, 'textHint')} aria-label={say(lang, 'textHint')} />
      <button class="button" type="submit">
        {say(lang, 'apply')}
      </button>
    </form>
  );
}

interface FieldPickerProps {
  readonly view: View;
  readonly fields: readonly Field[];
  readonly value: string;
  readonly label: string;
  pick(name: string): void;
}

function FieldPicker({ view, fields, value, label, pick }: FieldPickerProps) {
  return (
    <select class="field wide" aria-label={`${label}: ${say(view.lang, 'field')}`} value={value} onChange={(e) => pick(e.currentTarget.value)}>
      {fields.map((f) => (
        <option key={f.name} value={f.name}>
          {f.title[view.lang]}
          {f.unit && ` (${f.unit})`}
        </option>
      ))}
    </select>
  );
}
