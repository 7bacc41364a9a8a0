// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { happen, later, problem, submit, write } from '../ui/testing';
import { Client, TokenStore } from '../service/client';
import { Compare } from './compare';
import { ExportDialog, size } from './exportdialog';
import { KpiAreas } from './kpiareas';
import { KpiTab } from './kpitab';
import { codec } from './state';
import { answered, click, living, shown, testView, texts } from './testview';
import type { View } from './view';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const figure = (id: string, more: object = {}): object => ({
  id, title: { zh: `题${id}`, en: `title ${id}` }, unit: '%', value: 94.2, numerator: 1413, denominator: 1500, baseline: { value: 91.2, numerator: 1140, denominator: 1250 },
  change: { absolute: 3, relative: 3.2895, points: 3 }, better: 'up', formula: { zh: '办结 / 立案', en: 'closed / filed' }, records: '/collections/events/items?level=3&datetime=2017-07-01/2017-09-30', ...more,
});
const period = { period: { start: '2017-07-01T00:00:00+08:00', end: '2017-09-30T23:59:59+08:00' }, baseline: { start: '2016-07-01T00:00:00+08:00', end: '2016-09-30T23:59:59+08:00' } };

describe('the figures', () => {
  const tab = (view: View) => <KpiTab view={view} />;
  const row = (host: HTMLElement, id: string): string[] => texts(host, `[data-kpi=${id}] td`);

  it('stand beside their baseline, with what they are made of and whether they grew better', async () => {
    const worse = figure('late', { better: 'down', change: { absolute: 2, relative: null, points: 2 } });
    const zh = await shown(tab(testView({ filter: { terms: [], datetime: '2017-07-01/2017-09-30' } }, () => ({ ...period, kpis: [figure('spot'), worse] }))));
    expect(row(zh, 'spot').slice(0, 4)).toEqual(['94.20 %', '1,413 / 1,500', '91.20 %', '+3.00 个百分点 · +3.29 % 改善']);
    expect(row(zh, 'late')[3]).toBe('+2.00 个百分点 恶化');
    expect(texts(zh, '.tools > .quiet')).toEqual(['时段 2017-07-01 — 2017-09-30,基期 2016-07-01 — 2016-09-30']);
    const en = await shown(tab(testView({ lang: 'en' }, () => ({ ...period, kpis: [figure('spot')] }))));
    expect([row(en, 'spot')[3], texts(en, '[data-kpi=spot] summary'), texts(en, '[data-kpi=spot] details p')]).toEqual(['+3.00 points · +3.29 % better', ['title spot'], ['closed / filed']]);
  });

  it('that are not known say why, and have no map', async () => {
    const host = await shown(tab(testView({}, () => ({ kpis: [figure('satisfaction', { value: null, change: {}, records: '', reason: { zh: '没有满意度字段', en: 'no such field' } })] }))));
    expect([row(host, 'satisfaction')[0], row(host, 'satisfaction')[3], texts(host, '.reason')]).toEqual(['—', '—', ['没有满意度字段']]);
    expect(host.querySelectorAll('[data-kpi-map],[data-records]')).toHaveLength(0);
  });

  it('are said to be coming, and keep standing while newer ones come', async () => {
    const slow = later();
    const view = testView({}, (path) => (path.includes('level') ? { kpis: [figure('newer')] } : slow.answer));
    const host = await living(view, tab);
    expect([texts(host, 'p.quiet'), host.querySelector('.kpitab')?.getAttribute('aria-busy')]).toEqual([['正在计算…'], 'true']);
    view.refilter({ terms: [{ field: 'level', is: '3' }] });
    await answered();
    slow.come({ kpis: [figure('older')] });
    await answered();
    expect([texts(host, 'p.quiet'), row(host, 'older'), row(host, 'newer')[0]]).toEqual([[], [], '94.20 %']);
  });

  it('are asked again when the data has changed, and not when something else has', async () => {
    const view = testView({}, () => ({ kpis: [figure('spot')] }));
    const host = await living(view, tab);
    view.change({ sort: '-level' });
    await answered();
    expect(view.asked).toHaveLength(1);
    Object.assign(view, { tick: 1 });
    view.change({});
    await answered();
    expect(view.asked).toEqual(['/analytics/kpi?', '/analytics/kpi?']);
    expect(row(host, 'spot')).toHaveLength(5);
  });

  it('go to the map, and area by area below, with the choice in the address', async () => {
    const view = testView({ filter: { terms: [] } }, (path) =>
      path.includes('by=')
        ? { kpis: [figure('spot')], areas: [{ code: '420106001002', kpis: [figure('spot', { value: 50, small: true })] }, { code: '', kpis: [figure('spot')] }, { code: 'x', name: '新社区', kpis: [] }] }
        : { kpis: [figure('spot')] },
    );
    const host = await living(view, tab);
    await click(host, '[data-kpi-map]');
    expect(codec.write(view.state).toString()).toBe('map=areas&kpi=spot');
    expect(view.asked.at(-1)).toBe('/analytics/kpi?by=community&id=spot');
    expect([texts(host, '.kpiareas h2'), texts(host, '.kpiareas th'), texts(host, '.kpiareas tr:first-child td').slice(0, 3)]).toEqual([
      ['题spot · 分区'], ['中山样本少', '(无)'], ['50.00 %', '1413 / 1500', '91.20 %'],
    ]);
    await click(host, '.kpiareas [aria-pressed=false]');
    expect([view.state.area, view.asked.at(-1)]).toEqual(['zone', '/analytics/kpi?by=zone&id=spot']);
  });

  it('of an area open the records of that area', async () => {
    const records = '/collections/events/items?community=420106001002&level=%3E%3D3';
    const view = testView({ kpi: 'spot', page: 3, lang: 'en' }, () => ({ kpis: [figure('spot')], areas: [{ code: '420106001002', kpis: [figure('spot', { records })] }] }));
    const host = await shown(<KpiAreas view={view} />);
    expect(host.querySelector('[data-records]')?.getAttribute('aria-label')).toContain('Show the records: title spot');
    await click(host, '[data-records]');
    expect(view.state).toMatchObject({ layer: 'events', tab: 'table', page: undefined, filter: { terms: [{ field: 'community', is: '420106001002' }, { field: 'level', is: '>=3' }] } });
  });

  it('area by area ask nothing while none is looked at, and say what went wrong', async () => {
    const view = testView();
    expect((await shown(<KpiAreas view={view} />)).innerHTML).toBe('');
    expect(view.asked).toEqual([]);
    expect(texts(await shown(<KpiAreas view={testView({ kpi: 'x' }, () => new Error('there is no figure x'))} />), '[role=alert]')).toEqual(['there is no figure x']);
  });
});

describe('the comparison', () => {
  const groups = (...pairs: (readonly [string, number])[]) => ({ matched: pairs.reduce((sum, [, n]) => sum + n, 0), groups: pairs.map(([key, count]) => ({ key: [key], count })) });
  const compared = { filter: { terms: [], datetime: '2017-07-01/2017-09-30' }, versus: 'year' } as const;
  const compare = (view: View) => <Compare view={view} />;

  it('asks the same of both periods, of communities where nobody chose', async () => {
    const view = testView(compared, (path) => (path.includes('2016') ? groups(['420106001002', 4], ['gone', 2]) : groups(['420106001001', 9], ['420106001002', 6])));
    const host = await shown(compare(view));
    expect(view.asked.map(decodeURIComponent)).toEqual(['2017-07-01/2017-09-30', '2016-07-01/2016-09-30'].map((w) => `/analytics/groups/events?datetime=${w}&by=community`));
    expect(texts(host, '[data-pair] th')).toEqual(['合计', '尚隆苑', '中山', 'gone']);
    expect(texts(host, '[data-pair=gone] td').slice(0, 3)).toEqual(['0', '2', '−2 (−100.00 %)']);
    expect(texts(host, 'thead small')).toEqual(['2017-07-01 — 2017-09-30', '2016-07-01 — 2016-09-30']);
  });

  it('is by another field on request, and by what there is where the address asks for what there is not', async () => {
    const view = testView({ ...compared, by: 'shoe_size', lang: 'en' }, () => groups());
    const host = await living(view, compare);
    const select = host.querySelector<HTMLSelectElement>('[data-by]');
    expect([select?.value, texts(host, '[data-by] option')]).toEqual(['community', ['By Domain', 'By Level', 'By Community', 'By Hour', 'By Weekday']]);
    if (select) write(select, 'domain');
    await answered();
    expect([view.state.by, view.asked.at(-1)?.endsWith('by=domain')]).toEqual(['domain', true]);
  });

  it('puts the difference on the map and takes it off again, without another map than was chosen', async () => {
    const view = testView(compared, () => groups());
    const host = await living(view, compare);
    await click(host, '[data-diff]');
    expect([view.state.diff, view.state.map, texts(host, '[data-diff][aria-pressed=true]')]).toEqual([true, 'heat', ['两期之差']]);
    await click(host, '[data-diff]');
    expect([view.state.diff, view.state.map]).toEqual([undefined, 'heat']);
    const hexagons = testView({ ...compared, map: 'hexagons' }, () => groups());
    await click(await living(hexagons, compare), '[data-diff]');
    expect([hexagons.state.diff, hexagons.state.map]).toEqual([true, 'hexagons']);
  });

  it('says what went wrong with either period, and needs one first', async () => {
    const host = await shown(compare(testView(compared, (path) => (path.includes('2016') ? new Error('too long ago') : groups()))));
    expect([texts(host, '[role=alert]'), host.querySelector('table')]).toEqual([['too long ago'], null]);
    const view = testView({ versus: 'year', lang: 'en' });
    expect(texts(await shown(compare(view)), '.empty')).toEqual(['Choose a time window at the left first, then what to compare it with']);
    expect(view.asked).toEqual([]);
  });
});

describe('the export', () => {
  const CSV = '﻿编码\r\nA1\r\nA2\r\n';
  const file = (count: string | undefined, body: BodyInit = CSV) => (): Response => new Response(body, { headers: { ...(count === undefined ? {} : { 'Shapan-Count': count }), 'Shapan-Seq': '77' } });
  const dialog = (view: View, closed = () => undefined) => <ExportDialog view={view} matched={2} open closed={closed} />;
  const alert = (host: HTMLElement): string[] => texts(host, '[role=alert]');

  it('offers a whole file with its sum and a manifest, under the name of its snapshot', async () => {
    const saved: [string, Promise<string>][] = [];
    let blob = new Blob();
    vi.spyOn(URL, 'createObjectURL').mockImplementation((b) => ((blob = b as Blob), 'blob:x'));
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      saved.push([this.download, blob.text()]);
    });
    const host = await shown(dialog(testView({ filter: { terms: [{ field: 'domain', is: 'party' }] } }, file('2'))));
    await click(host, '[data-start]');
    expect(texts(host, '[role=status]')).toEqual(['完整:2 条,19 B']);
    expect(texts(host, '.hash')[0]).toMatch(/^SHA-256 [0-9a-f]{64}$/);
    await click(host, '[data-save=file]');
    await click(host, '[data-save=manifest]');
    expect(saved.map(([name]) => name)).toEqual(['events-77.csv', 'events-77.csv.manifest.json']);
    expect(JSON.parse((await saved[1]?.[1]) ?? '')).toMatchObject({ file: 'events-77.csv', filter: { domain: ['party'] }, filter_words: '领域 党建', count: 2, snapshot: 77, sha256: texts(host, '.hash')[0]?.slice(8) });
  });

  it('asks for the format, the language and the columns that were chosen', async () => {
    const view = testView({ lang: 'en', columns: ['level', 'code'], sort: '-level' }, file('2'));
    for (const [format, narrow] of [['csv', false], ['geojson', true]] as const) {
      const host = await shown(dialog(view));
      host.querySelectorAll<HTMLInputElement>('[name=format]').forEach((f) => (f.checked = f.value === format));
      host.querySelectorAll<HTMLInputElement>('[name=narrow]').forEach((f) => (f.checked = narrow));
      await submit(host);
    }
    expect(view.asked.map(decodeURIComponent)).toEqual(['/export/events.csv?sortby=-level&lang=en', '/export/events.geojson?properties=level,code&sortby=-level']);
  });

  it('that is short gives no file, and can be begun again', async () => {
    let promised = '3';
    const host = await shown(dialog(testView({ lang: 'en' }, () => file(promised)())));
    await click(host, '[data-start]');
    expect([alert(host), host.querySelector('[data-save]')]).toEqual([['2 records came, 3 were promised: the download is not complete, and there is no file'], null]);
    promised = '2';
    await click(host, '[data-start]');
    expect([alert(host), host.querySelectorAll('[data-save]').length]).toEqual([[], 2]);
  });

  it.each([401, 403, 409, 412, 503])('that is answered %i says why in the words of the service', async (status) => {
    vi.stubGlobal('fetch', () => Promise.resolve(problem(status, 'not now')()));
    const host = await shown(dialog(Object.assign(testView(), { client: new Client(new TokenStore(undefined, undefined), () => undefined) })));
    await click(host, '[data-start]');
    expect([alert(host), host.querySelector('[data-save]')]).toEqual([['下载中断:not now。不提供文件'], null]);
  });

  it('says how far it is, and stops when told to or when it is closed', async () => {
    let open: ReadableStreamDefaultController<Uint8Array> | undefined;
    const signals: AbortSignal[] = [];
    const view = testView();
    Object.assign(view.client, {
      get: (_: string, { signal }: { signal: AbortSignal }) => {
        signals.push(signal);
        signal.addEventListener('abort', () => open?.error(new Error('aborted')));
        return Promise.resolve(file('1200', new ReadableStream({ start: (controller) => void (open = controller) }))());
      },
    });
    const closed = vi.fn();
    const host = await shown(dialog(view, closed));
    await click(host, '[data-start]');
    await happen(() => open?.enqueue(new TextEncoder().encode(CSV)));
    await happen(answered);
    expect([texts(host, '.coming p'), host.querySelector('progress')?.getAttribute('max')]).toEqual([['已收到 2 / 1,200 条,19 B'], '1200']);
    await click(host, '.coming button');
    expect([alert(host), signals[0]?.aborted]).toEqual([['已停止,没有文件'], true]);
    await click(host, '[data-start]');
    await click(host, '.dialog-buttons button');
    expect([signals[1]?.aborted, closed.mock.calls.length]).toEqual([true, 1]);
  });

  it('says what it is of, while it is not known how many there are too', async () => {
    const zh = await shown(<ExportDialog view={testView()} matched={undefined} open={false} closed={() => undefined} />);
    expect([texts(zh, 'h2'), texts(zh, '.quiet'), zh.querySelector('dialog')?.open]).toEqual([['导出 事件'], ['… 条,全部'], false]);
    expect([size(0), size(1000), size(999_949), size(1e6)]).toEqual(['0 B', '1.0 kB', '999.9 kB', '1.0 MB']);
  });
});
