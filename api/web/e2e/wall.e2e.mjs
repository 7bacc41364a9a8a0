// End to end: the real program, a real browser, the wall.
//   SHAPAN_BIN=../../bin/shapan npm run e2e
// SHAPAN_E2E_DATABASE_URL=URL puts the record into that empty PostGIS database instead of a file. SHAPAN_SCREENSHOT=FILE also
// writes a picture of the wall; CHROMIUM=FILE names another browser.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { chromium } from 'playwright-core';

const BIN = process.env.SHAPAN_BIN ?? '../../bin/shapan';
const DATABASE = process.env.SHAPAN_E2E_DATABASE_URL;
const START_MS = 60_000;
const DRAW_MS = 180_000; // a machine without a graphics card draws slowly

/** Starts the program on a free port with an empty record; stop ends it and takes its folder away. */
async function startShapan() {
  const folder = await mkdtemp(path.join(tmpdir(), 'shapan-wall-'));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SHAPAN_|PG)/.test(name))); // no other record
  if (DATABASE) env.SHAPAN_DATABASE_URL = DATABASE;
  const child = spawn(path.resolve(BIN), ['serve', '--listen', '127.0.0.1:0', '--data', folder], { env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(kill);
    await rm(folder, { recursive: true, force: true });
  };
  let said = '';
  try {
    const found = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the program did not listen within ${START_MS} ms; it said:\n${said}`)), START_MS);
      child.once('error', (error) => reject(new Error(`${BIN} does not start: ${error.message}. Build it, or set SHAPAN_BIN`)));
      child.once('exit', (code) => reject(new Error(`the program ended with ${code}; it said:\n${said}`)));
      child.stderr.setEncoding('utf8');
      child.stderr.on('data', (piece) => {
        said += piece;
        const base = /listening on (http:\/\/\S+)/.exec(said)?.[1];
        const admin = /admin token: (\S+)/.exec(said)?.[1];
        const wall = /wall: (\S+)/.exec(said)?.[1];
        const record = /record=(\S+)\s/.exec(said)?.[1];
        if (!base || !admin || !wall || !record) return;
        clearTimeout(late);
        resolve({ base, admin, wall, record });
      });
    });
    return { ...found, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Opens Chromium with software drawing, so that it runs on a machine without a screen. */
function openBrowser() {
  const known = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = known.find((file) => file && existsSync(file));
  assert.ok(executablePath, 'no Chromium was found: install it (Debian: apt-get install chromium) or set CHROMIUM=FILE');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
}

/** Opens a page and notes what must not happen: requests to other hosts, errors on the console, navigations. */
async function openPage(browser, base, url) {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  const seen = { foreign: [], errors: [], documents: 0 };
  page.on('request', (r) => {
    if (!r.url().startsWith(`${base}/`) && !/^(blob|data):/.test(r.url())) seen.foreign.push(r.url());
    if (r.isNavigationRequest()) seen.documents++;
  });
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning' && !/swiftshader|GPU stall|software/i.test(m.text())) seen.errors.push(`${m.type()}: ${m.text()}`);
  });
  page.on('pageerror', (e) => seen.errors.push(e.message));
  await page.goto(url);
  await page.waitForFunction(() => window.shapanWall, undefined, { timeout: START_MS });
  await page.waitForFunction(() => window.shapanWall.ready.then(() => true), undefined, { timeout: DRAW_MS });
  return { page, seen };
}

/** Waits until the map holds so many features of a layer. */
async function waitForCount(page, layer, wanted) {
  try {
    await page.waitForFunction(([name, n]) => window.shapanWall.featureCount(name) === n, [layer, wanted], { timeout: DRAW_MS, polling: 250 });
  } catch {
    assert.equal(await page.evaluate((name) => window.shapanWall.featureCount(name), layer), wanted, `features of ${layer} in view`);
  }
}

/** Asks the service, as the holder of a token or as anyone. */
async function ask(base, pathname, token, init = {}) {
  const response = await fetch(base + pathname, { ...init, headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...init.headers } });
  assert.ok(response.ok, `${init.method ?? 'GET'} ${pathname}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

const OPEN = 'reported,accepted,filed,dispatched,acknowledged,arrived,disposed,checked';

/** Checks what must hold of every page at its end. */
function assertClean(seen) {
  assert.deepEqual(seen.foreign, [], 'requests that left the service');
  assert.deepEqual(seen.errors, [], 'errors and warnings on the console');
  assert.equal(seen.documents, 1, 'documents loaded: the wall never reloads');
}

test('the wall', { timeout: 900_000 }, async (t) => {
  const shapan = await startShapan();
  t.after(() => shapan.stop());
  assert.match(shapan.record, DATABASE ? /^postgres:/ : /shapan\.gpkg$/);
  t.diagnostic(`the record is ${shapan.record}`);

  await t.test('has a style that follows the specification', async () => {
    for (const token of [undefined, shapan.admin]) {
      for (const lang of ['zh', 'en']) {
        const style = await ask(shapan.base, `/style.json?lang=${lang}`, token);
        assert.ok(style.layers.length > 10, `${style.layers.length} layers`);
        assert.deepEqual(validateStyleMin(style, latest).map((e) => e.message), [], `${lang}, ${token ? 'admin' : 'anybody'}`);
      }
    }
  });

  const browser = await openBrowser();
  t.after(() => browser.close());

  await t.test('shows the subdistrict, and a new event without a reload', async () => {
    const { page, seen } = await openPage(browser, shapan.base, shapan.wall);
    await waitForCount(page, 'communities', 12);
    await waitForCount(page, 'grids', 119);
    assert.equal(await page.evaluate(() => location.hash), '', 'the token has left the address');
    await page.waitForSelector('.state[data-kind=live]');
    assert.match(await page.textContent('h1'), /积玉桥 一张图/);
    assert.match(await page.textContent('.state'), /数据/);
    const { numberMatched: open } = await ask(shapan.base, `/collections/events/items?limit=1&stage=${OPEN}`, shapan.admin);
    await waitForCount(page, 'events', open);
    if (process.env.SHAPAN_SCREENSHOT) {
      await page.waitForTimeout(3000);
      await page.screenshot({ path: process.env.SHAPAN_SCREENSHOT });
    }

    await page.evaluate(() => (window.untouched = true));
    const seq = await page.evaluate(() => window.shapanWall.seq());
    const posted = Date.now();
    await ask(shapan.base, '/collections/events/items', shapan.admin, {
      method: 'POST',
      headers: { 'Content-Type': 'application/geo+json' },
      body: JSON.stringify({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [114.3036, 30.5637] },
        properties: { title: '测试事件', domain: 'urban', category: 'exposed_garbage', level: 4, severity: 'high', source: 'patrol', stage: 'reported' },
      }),
    });
    await page.waitForSelector('.event.new:has-text("测试事件")', { timeout: 20_000 });
    t.diagnostic(`in the list after ${Date.now() - posted} ms`);
    await waitForCount(page, 'events', open + 1);
    t.diagnostic(`on the map after ${Date.now() - posted} ms`);
    assert.equal(await page.textContent('.event .event-title'), '测试事件', 'the newest event is the first of the list');
    assert.match(await page.textContent('.notice'), /测试事件/, 'level 4 is announced');
    assert.ok((await page.evaluate(() => window.shapanWall.seq())) > seq, 'the number has risen');
    await page.waitForFunction((n) => document.querySelector('.figure')?.textContent === String(n), open + 1, { timeout: 20_000 });
    assert.equal(await page.evaluate(() => window.untouched), true, 'the document is the same');
    assertClean(seen);
    await page.close();
  });

  await t.test('shows the public view without a token', async () => {
    const context = await browser.newContext();
    const { page, seen } = await openPage(context, shapan.base, `${shapan.base}/ui/wall#lang=en`);
    await waitForCount(page, 'communities', 12);
    assert.equal(await page.evaluate(() => window.shapanWall.featureCount('events')), 0);
    assert.match(await page.textContent('.badge'), /Public view/);
    assert.equal(await page.locator('.community').count(), 12);
    assert.equal(await page.locator('.event-list').isVisible(), false);
    assertClean(seen);
    await context.close();
  });
});
