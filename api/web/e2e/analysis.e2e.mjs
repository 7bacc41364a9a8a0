// End to end: the analyst's page. SHAPAN_SCREENSHOT=FOLDER also writes a picture of it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { ask, assertClean, DRAW_MS, newPage, once, openBrowser, PICTURES, START_MS, startShapan, watch } from './harness.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Opens the page and notes what must not happen. */
async function open(context, base, hash, token) {
  const page = await newPage(context);
  const seen = watch(page, base);
  await page.goto(`${base}/ui/analysis#${token ? `token=${token}&` : ''}${hash}`);
  await page.waitForFunction(() => window.shapanAnalysis?.map, undefined, { timeout: START_MS, polling: 100 });
  return { page, seen };
}

/** How many records the page says, when it has said something other than `before`. */
async function matched(page, before) {
  const place = page.locator('.matched[data-matched]');
  await page.waitForFunction((was) => {
    const now = document.querySelector('.matched')?.getAttribute('data-matched');
    return now !== null && now !== undefined && now !== was;
  }, before === undefined ? undefined : String(before), { timeout: START_MS, polling: 100 });
  return Number(await place.getAttribute('data-matched'));
}

/** Waits until the page says a number of records. */
async function waitMatched(page, wanted) {
  await page.waitForFunction((n) => document.querySelector('.matched')?.getAttribute('data-matched') === String(n), wanted, { timeout: START_MS, polling: 100 });
}

/** Where a bar of a chart is on the page. */
async function barAt(page, chart, index, upright) {
  await page.waitForFunction((name) => (window.shapanAnalysis.charts.get(name)?.getOption()?.series?.[0]?.data?.length ?? 0) > 0, chart, { timeout: START_MS, polling: 100 });
  await page.locator(`[data-chart=${chart}]`).scrollIntoViewIfNeeded();
  return page.evaluate(([name, i, up]) => {
    const made = window.shapanAnalysis.charts.get(name);
    const [x, y] = made.convertToPixel({ gridIndex: 0 }, up ? [i, 0] : [0, i]);
    const box = made.getDom().getBoundingClientRect();
    return { x: box.x + x + (up ? 0 : 3), y: box.y + y - (up ? 3 : 0) };
  }, [chart, index, upright]);
}

/** Where a position is on the page. */
const placeOf = (page, lon, lat) =>
  page.evaluate(([x, y]) => {
    const { gl } = window.shapanAnalysis.map;
    const at = gl.project([x, y]);
    const box = gl.getContainer().getBoundingClientRect();
    return { x: box.x + at.x, y: box.y + at.y };
  }, [lon, lat]);

/** Looks at the middle of the subdistrict. */
const look = (page) => page.evaluate(() => window.shapanAnalysis.map.gl.jumpTo({ center: [114.3065, 30.5675], zoom: 14 }));

async function drawn(page) {
  await page.waitForFunction(() => window.shapanAnalysis.map.ready.then(() => true), undefined, { timeout: DRAW_MS, polling: 250 });
}

/** What axe finds serious. */
async function serious(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await readFile(AXE, 'utf8')); // past the policy, which forbids scripts in the page
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.failureSummary}`).join(' | ')}`);
}

/** Closes the dialog of the export. */
async function close(page) {
  await page.click('.export .dialog-buttons button');
  await page.waitForSelector('.export', { state: 'hidden' });
}

const save = async (page, selector) => {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
};

test('the analysis', { timeout: 600_000 }, async (t) => {
  const shapan = await startShapan();
  t.after(() => shapan.stop());
  const browser = await openBrowser();
  t.after(() => browser.close());
  const { base, admin } = shapan;
  const count = async (query) => (await ask(base, `/collections/events/items?limit=1&${query}`, admin)).numberMatched;
  const context = await browser.newContext({ viewport: { width: 1440, height: 860 } });
  const { page, seen } = await open(context, base, 'lang=en&theme=light', admin);

  await t.test('filters by clicking, and counts as the items do', async () => {
    const all = await matched(page);
    assert.equal(all, await count(''));
    await page.click('[data-facet=domain] [data-value=urban]');
    await waitMatched(page, await count('domain=urban'));
    await page.click('[data-facet=level] [data-value="2"]');
    await page.click('[data-facet=level] [data-value="3"]');
    await waitMatched(page, await count('domain=urban&level=2,3'));
    await page.click('[data-preset=lastYear]');
    const wanted = await count('domain=urban&level=2,3&datetime=2016-01-01/2016-12-31');
    await waitMatched(page, wanted);
    await page.selectOption('[data-area=community]', { index: 1 });
    const code = await page.inputValue('[data-area=community]');
    await waitMatched(page, await count(`domain=urban&level=2,3&datetime=2016-01-01/2016-12-31&scope=${code}`));
    assert.deepEqual(await page.locator('.chip span:first-child').allTextContents(), ['Domain Urban management', 'Level 2, 3', '2016-01-01 — 2016-12-31', `of ${await page.textContent(`[data-area=community] option[value="${code}"]`)}`]);
    await page.click('.chip:has-text("of ")');
    await waitMatched(page, wanted);
    await page.goBack();
    await waitMatched(page, await count(`domain=urban&level=2,3&datetime=2016-01-01/2016-12-31&scope=${code}`));
    await page.click('.chip.clear');
    await waitMatched(page, all);
  });

  await t.test('sorts by a click, and shows a row on the map', once, async () => {
    await page.click('[data-sort=level]');
    const { features } = await ask(base, '/collections/events/items?limit=3&sortby=-level&properties=level', admin);
    await page.waitForFunction((id) => document.querySelector('.records tbody tr')?.getAttribute('data-id') === id, String(features[0].id), { timeout: START_MS, polling: 100 });
    assert.deepEqual(await page.locator('.records tbody tr').evaluateAll((rows) => rows.slice(0, 3).map((r) => Number(r.dataset.id))), features.map((f) => f.id));
    assert.equal(await page.getAttribute('th:has([data-sort=level])', 'aria-sort'), 'descending');
    await page.locator('.records tbody tr button').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector(`[data-card="${features[0].id}"]`, { timeout: START_MS });
    await page.click('.card button');
    await page.click('.pager button:last-child');
    await page.waitForFunction(() => /^101–200/.test(document.querySelector('.pager span')?.textContent ?? ''), undefined, { timeout: START_MS, polling: 100 });
    await page.click('.pager button:first-child');
  });

  await t.test('filters by a bar of a chart, and by a stretch of time', async () => {
    await page.click('#tab-charts');
    const bar = await barAt(page, 'level', 3, false);
    await page.mouse.click(bar.x, bar.y);
    const four = await count('level=4');
    await waitMatched(page, four);
    const [from, to] = [await barAt(page, 'time', 2, true), await barAt(page, 'time', 4, true)];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
    const stretch = await matched(page, four);
    const window = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('datetime');
    assert.match(window, /^\d{4}-\d\d-01\/\d{4}-\d\d-\d\d$/);
    assert.equal(stretch, await count(`level=4&datetime=${window}`));
    await page.click('.chip.clear');
    await waitMatched(page, await count(''));
  });

  await t.test('draws an area with the mouse, and with the keyboard alone', once, async () => {
    await drawn(page);
    await look(page);
    await page.click('[data-hand=draw]');
    const corners = [[114.3, 30.562], [114.306, 30.562], [114.306, 30.567], [114.3, 30.567]];
    for (const [lon, lat] of corners) {
      const at = await placeOf(page, lon, lat);
      await page.mouse.click(at.x, at.y, { delay: 20 });
      await page.waitForTimeout(320); // longer than a double click
    }
    const before = await matched(page);
    await page.click('[data-finish]');
    const inside = await matched(page, before);
    const polygon = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('within');
    assert.equal(inside, await count(`within=${encodeURIComponent(polygon)}`));
    assert.ok(inside > 0 && inside < before, `${inside} of ${before}`);
    await page.click('.chip');
    await waitMatched(page, before);

    await page.click('[data-hand=draw]');
    await page.waitForSelector('.drawing output', { state: 'attached' });
    const corner = async (n) => {
      await page.keyboard.press(' ');
      await page.waitForFunction((wanted) => document.querySelector('.drawing output')?.textContent === wanted, String(n), { timeout: START_MS, polling: 100 });
    };
    await corner(1);
    for (const [i, arrow] of ['ArrowRight', 'ArrowDown'].entries()) {
      const centre = await page.evaluate(() => String(window.shapanAnalysis.map.gl.getCenter()));
      await page.keyboard.press(arrow);
      await page.waitForFunction((was) => String(window.shapanAnalysis.map.gl.getCenter()) !== was && !window.shapanAnalysis.map.gl.isMoving(), centre, { timeout: START_MS, polling: 100 });
      await corner(i + 2);
    }
    await page.keyboard.press('Enter');
    const keyed = await matched(page, before);
    const triangle = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('within');
    assert.equal(keyed, await count(`within=${encodeURIComponent(triangle)}`));
    await page.click('.chip');
    await waitMatched(page, before);
  });

  await t.test('picks an area on the map', once, async () => {
    await page.click('[data-mode=areas]');
    await page.waitForFunction(() => document.querySelectorAll('[data-legend] li').length > 1, undefined, { timeout: START_MS, polling: 100 });
    await page.waitForFunction(() => window.shapanAnalysis.map.gl.queryRenderedFeatures({ layers: ['analysis-area'] }).length > 0, undefined, { timeout: DRAW_MS, polling: 250 });
    await look(page);
    const at = await placeOf(page, 114.3105, 30.5767);
    await page.mouse.click(at.x, at.y);
    await waitMatched(page, await count('scope=420106001020'));
    await page.click('.chip');
    await page.click('[data-mode=points]');
  });

  await t.test('compares two periods, in numbers and on the map', async () => {
    await page.evaluate(() => (location.hash = '#lang=en&theme=light&datetime=2017-07-01/2017-09-30&tab=compare'));
    await page.selectOption('[data-versus]', 'year');
    const total = page.locator('[data-pair=total] td');
    await page.waitForFunction(() => Number(document.querySelector('[data-pair=total] td')?.textContent?.replace(',', '')) > 0, undefined, { timeout: START_MS, polling: 100 });
    const [now, before] = [await count('datetime=2017-07-01/2017-09-30'), await count('datetime=2016-07-01/2016-09-30')];
    assert.deepEqual((await total.allTextContents()).slice(0, 2), [now, before].map((n) => n.toLocaleString('en-US')));
    const rows = await page.locator('[data-pair]:not(.total) td:nth-child(2)').allTextContents();
    assert.equal(rows.reduce((sum, text) => sum + Number(text.replace(',', '')), 0), now, 'the parts are the whole');
    await page.click('[data-diff]');
    await page.waitForFunction(() => /Period − Baseline/.test(document.querySelector('[data-legend]')?.textContent ?? ''), undefined, { timeout: START_MS, polling: 100 });
    await page.click('[data-mode=hexagons]');
    await page.waitForFunction(() => /\d+ m/.test(document.querySelector('[data-legend] h2')?.textContent ?? ''), undefined, { timeout: START_MS, polling: 100 });
  });

  await t.test('shows the published figures, their formulas, and the records behind them', async () => {
    await page.click('#tab-kpi');
    await page.click('[data-article]');
    await page.waitForFunction(() => document.querySelectorAll('[data-headline]').length === 5, undefined, { timeout: START_MS, polling: 100 });
    assert.deepEqual(await page.locator('[data-headline] strong').allTextContents(), ['+86.21 %', '+274.71 %', '+3.29 %', '1.79 d', '48.25 %']);
    await page.click('[data-kpi=complaints_filed] summary');
    assert.match(await page.textContent('[data-kpi=complaints_filed] p'), /complaint/);
    await page.click('[data-kpi=complaints_filed] [data-kpi-map]');
    await page.waitForFunction(() => /Complaints filed/.test(document.querySelector('[data-legend]')?.textContent ?? ''), undefined, { timeout: START_MS, polling: 100 });
    await page.click('[data-kpi=complaints_filed] [data-records]');
    await waitMatched(page, 162);
    assert.equal(await page.getAttribute('#tab-table', 'aria-selected'), 'true');
  });

  await t.test('exports a file that is whole, with a manifest that proves it', async () => {
    await page.click('[data-export]');
    await page.check('input[value=csv]');
    await page.click('[data-start]');
    await page.waitForSelector('[data-save=file]', { timeout: START_MS, polling: 100 });
    const file = await save(page, '[data-save=file]');
    const facts = JSON.parse((await save(page, '[data-save=manifest]')).bytes.toString());
    assert.equal(file.name, facts.file);
    assert.equal(file.bytes.toString('utf8').charCodeAt(0), 0xfeff, 'Excel reads it as UTF-8');
    assert.equal(file.bytes.toString('utf8').trimEnd().split('\n').length - 1, 162);
    assert.equal(facts.count, 162);
    assert.equal(facts.sha256, createHash('sha256').update(file.bytes).digest('hex'));
    assert.deepEqual(facts.filter.request, ['complaint']);
    await close(page);
  });

  await t.test('offers no file that is not whole', async () => {
    await page.route('**/export/**', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).split('\n').slice(0, 40).join('\n') + '\n';
      await route.fulfill({ status: 200, headers: { ...response.headers(), 'content-length': String(Buffer.byteLength(body)) }, body });
    });
    await page.click('[data-export]');
    await page.check('input[value=csv]');
    await page.click('[data-start]');
    await page.waitForSelector('.export [role=alert]', { timeout: START_MS, polling: 100 });
    assert.match(await page.textContent('.export [role=alert]'), /39 records came, 162 were promised/);
    assert.equal(await page.locator('[data-save]').count(), 0);
    await page.unroute('**/export/**');
    await close(page);
  });

  await t.test('reproduces a view from its link, and says when the data has changed since', async () => {
    await page.evaluate(() => (location.hash = '#lang=en&theme=light&f.level=2,3&datetime=2017-07-01/2017-09-30&sort=-level&tab=table&map=areas&area=zone&per=1000-households&columns=level,title'));
    const wanted = await count('level=2,3&datetime=2017-07-01/2017-09-30');
    await waitMatched(page, wanted);
    await page.click('[data-copy]');
    await page.waitForFunction(() => /seq=\d+/.test(location.hash), undefined, { polling: 100 });
    const link = page.url();
    assert.doesNotMatch(link, /token/);
    const other = await open(context, base, new URL(link).hash.slice(1), undefined);
    await waitMatched(other.page, wanted);
    const facts = (p) => p.evaluate(() => ({ rows: [...document.querySelectorAll('.records tbody tr')].map((r) => r.textContent), legend: document.querySelector('[data-legend]')?.textContent, chips: [...document.querySelectorAll('.chip')].map((c) => c.textContent) }));
    for (const p of [page, other.page]) await p.waitForFunction(() => document.querySelector('[data-legend]') && document.querySelectorAll('.records tbody tr').length > 0, undefined, { timeout: START_MS, polling: 100 });
    assert.deepEqual(await facts(other.page), await facts(page));
    assert.equal(await other.page.locator('.changed').count(), 0);
    await ask(base, '/collections/events/items', admin, {
      method: 'POST',
      headers: { 'Content-Type': 'application/geo+json' },
      body: JSON.stringify({ type: 'Feature', geometry: { type: 'Point', coordinates: [114.3036, 30.5637] }, properties: { title: '测试事件', domain: 'urban', category: 'exposed_garbage', level: 2, reported_at: '2017-08-01T08:00:00+08:00' } }),
    });
    await waitMatched(other.page, wanted + 1);
    await other.page.waitForSelector('.changed', { timeout: START_MS, polling: 100 });
    assertClean(other.seen);
    await other.page.close();
  });

  await t.test('has nothing serious for axe, in both themes', once, async () => {
    for (const [theme, tabs] of [['light', ['table', 'charts', 'compare', 'kpi']], ['dark', ['charts', 'kpi']]]) {
      for (const tab of tabs) {
        await page.evaluate(([th, tb]) => (location.hash = `#lang=zh&theme=${th}&tab=${tb}&datetime=2017-07-01/2017-09-30&versus=year&id=9&kpi=filed`), [theme, tab]);
        await page.waitForFunction(([th, tb]) => document.documentElement.dataset.theme === th && document.getElementById(`tab-${tb}`)?.getAttribute('aria-selected') === 'true' && !document.querySelector('[aria-busy=true]'), [theme, tab], { timeout: START_MS, polling: 100 });
        assert.deepEqual(await serious(page), [], `${theme}, ${tab}`);
      }
    }
    if (PICTURES) await page.screenshot({ path: path.join(PICTURES, 'analysis.png') });
  });

  await t.test('shows what is public without a token', async () => {
    const anybody = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const { page: open_, seen: watched } = await open(anybody, base, 'lang=en');
    const layers = await open_.locator('[data-layers] option').evaluateAll((all) => all.map((o) => o.value));
    assert.ok(layers.includes('facilities') && !layers.includes('events'), layers.join());
    assert.equal(await matched(open_), (await ask(base, '/collections/facilities/items?limit=1')).numberMatched);
    assertClean(watched);
    await anybody.close();
  });

  assertClean(seen);
});
