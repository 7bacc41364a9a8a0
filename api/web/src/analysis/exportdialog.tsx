// The export: what is taken, how far it is, and the file with its manifest, when it is whole.

import { useEffect, useRef, useState } from 'preact/hooks';
import { count, type Lang } from '../words/format';
import { download, fileName, manifest, save, ShortError, UncountedError, type Download, type ExportRequest, type Progress } from './download';
import { queryOf, sentence } from './filter';
import { shownFields } from './table';
import { FORMATS, type Format } from './tally';
import { errorText } from './use';
import type { View } from './view';
import { say } from './words';

type Step =
  | { readonly kind: 'choose' }
  | { readonly kind: 'coming'; readonly progress: Progress }
  | { readonly kind: 'whole'; readonly file: Download; readonly request: ExportRequest; readonly words: string }
  | { readonly kind: 'failed'; readonly why: string };

/** The dialog. */
export function ExportDialog({ view, matched, open, closed }: { view: View; matched: number | undefined; open: boolean; closed(): void }) {
  const { lang, layer, state } = view;
  const dialog = useRef<HTMLDialogElement>(null);
  const running = useRef<AbortController | undefined>(undefined);
  const [step, set] = useState<Step>({ kind: 'choose' });
  useEffect(() => {
    if (open && !dialog.current?.open) {
      set({ kind: 'choose' });
      dialog.current?.showModal();
    }
    if (!open) dialog.current?.close();
  }, [open]);
  const words = sentence(state.filter, layer, view.areas.name, lang);
  const start = (format: Format, narrow: boolean): void => {
    const query = queryOf(state.filter);
    if (narrow) query.set('properties', shownFields(view).map((f) => f.name).join(','));
    if (state.sort) query.set('sortby', state.sort);
    if (format === 'csv' && lang === 'en') query.set('lang', lang);
    const request = { layer: layer.id, format, query };
    const abort = new AbortController();
    running.current = abort;
    set({ kind: 'coming', progress: { count: 0, promised: undefined, bytes: 0 } });
    download(view.client, request, (progress) => set({ kind: 'coming', progress }), abort.signal).then(
      (file) => set({ kind: 'whole', file, request, words }),
      (error: unknown) => set({ kind: 'failed', why: abort.signal.aborted ? say(lang, 'stopped') : failure(error, lang) }),
    );
  };
  return (
    <dialog
      ref={dialog}
      class="panel dialog export"
      aria-labelledby="export-title"
      onClose={() => {
        running.current?.abort();
        closed();
      }}
    >
      <h2 id="export-title">{say(lang, 'exportTitle', { layer: layer.title[lang] })}</h2>
      <p class="quiet">{say(lang, 'exportWhat', { n: matched === undefined ? '…' : count(matched), filter: words })}</p>
      {(step.kind === 'choose' || step.kind === 'failed') && <Choose lang={lang} start={start} />}
      {step.kind === 'coming' && <Coming lang={lang} progress={step.progress} stop={() => running.current?.abort()} />}
      {step.kind === 'whole' && <Whole view={view} step={step} />}
      {step.kind === 'failed' && (
        <p class="fault" role="alert">
          {step.why}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {say(lang, 'close')}
        </button>
      </div>
    </dialog>
  );
}

function Choose({ lang, start }: { lang: Lang; start(format: Format, narrow: boolean): void }) {
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        const form = new FormData(e.currentTarget);
        start(FORMATS.find((f) => f === form.get('format')) ?? 'geojson', form.get('narrow') === 'on');
      }}
    >
      {FORMATS.map((f) => (
        <label key={f}>
          <input type="radio" name="format" value={f} defaultChecked={f === 'csv'} /> {say(lang, f)}
        </label>
      ))}
      <label>
        <input type="checkbox" name="narrow" /> {say(lang, 'exportColumns')}
      </label>
      <button type="submit" class="button primary" data-start>
        {say(lang, 'start')}
      </button>
    </form>
  );
}

function Coming({ lang, progress, stop }: { lang: Lang; progress: Progress; stop(): void }) {
  const { promised } = progress;
  const text = say(lang, 'progress', { n: count(progress.count), all: promised === undefined ? '…' : count(promised), size: size(progress.bytes) });
  return (
    <div class="coming">
      <progress aria-label={text} max={Math.max(1, promised ?? 1)} {...(promised === undefined ? {} : { value: progress.count })} />
      <p>{text}</p>
      <button type="button" class="button" onClick={stop}>
        {say(lang, 'stop')}
      </button>
    </div>
  );
}

function Whole({ view, step }: { view: View; step: Extract<Step, { kind: 'whole' }> }) {
  const { lang, layer } = view;
  const { file, request, words } = step;
  const name = fileName(layer.id, file.seq, request.format);
  return (
    <div class="whole">
      <p role="status">{say(lang, 'complete', { n: count(file.count), size: size(file.bytes) })}</p>
      <p class="hash">SHA-256 {file.sha256}</p>
      <button type="button" class="button primary" data-save="file" onClick={() => save(file.blob, name)}>
        {say(lang, 'saveFile', { name })}
      </button>
      <button
        type="button"
        class="button"
        data-save="manifest"
        onClick={() => {
          const text = manifest(file, { file: name, request, title: layer.title[lang], words, view: location.href, made: new Date() });
          save(new Blob([text], { type: 'application/json' }), `${name}.manifest.json`);
        }}
      >
        {say(lang, 'saveManifest')}
      </button>
    </div>
  );
}

function failure(error: unknown, lang: Lang): string {
  if (error instanceof ShortError) return say(lang, 'short', { n: count(error.count), all: count(error.promised) });
  if (error instanceof UncountedError) return say(lang, 'uncounted');
  return say(lang, 'broken', { why: errorText(error) });
}

/** A number of bytes for people. */
export const size = (bytes: number): string => (bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
