// End to end: a wall that nobody sits at. Tour, playback, remote control, a service that goes and comes back, no WebGL.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ask, assertClean, BIN, DATABASE, once, openBrowser, openPage, startShapan, waitForCount } from './harness.mjs';

const STOPS = { stops: [{ scope: '420106001020', seconds: 3600 }, { view: '16/30.5637/114.3036/0/40', seconds: 3600, panel: 'events' }, { seconds: 3600 }] };
const FAR = { timeout: 30_000, polling: 200 };

/** Makes a token of a role beside the running program. */
async function makeToken(shapan, role, name) {
  const env = { ...process.env, ...(DATABASE ? { SHAPAN_DATABASE_URL: DATABASE } : {}) };
  const { stdout } = await promisify(execFile)(path.resolve(BIN), ['token', 'create', '--role', role, '--name', `${name}-${process.pid}`, ...(DATABASE ? [] : ['--data', shapan.folder])], { env });
  return stdout.trim();
}

const hash = (page) => page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.slice(1))));

test('a wall by itself', { timeout: 600_000 }, async (t) => {
  const tour = path.join(tmpdir(), `shapan-tour-${process.pid}.json`);
  await writeFile(tour, JSON.stringify(STOPS));
  const shapan = await startShapan(['--tour', tour]);
  t.after(() => shapan.stop());
  const display = await makeToken(shapan, 'display', 'hall');
  const tell = (verb, to = '', more = {}) =>
    ask(shapan.base, '/walls/hall/commands', shapan.admin, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ do: verb, to, ...more }) });

  const browser = await openBrowser();
  t.after(() => browser.close());
  const { page, seen } = await openPage(browser, shapan.base, `${shapan.base}/ui/wall#kiosk=1&name=hall&lang=en&token=${display}`);

  await t.test('sees what a wall needs with a display token, and cannot write', async () => {
    await waitForCount(page, 'grids', 119);
    await page.waitForFunction(() => window.shapanWall.featureCount('events') > 0, undefined, FAR);
    assert.equal(await page.locator('button.quiet:visible').count(), 0, 'a kiosk has no buttons');
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('canvas')).cursor), 'none');
    const write = await fetch(`${shapan.base}/collections/events/items`, { method: 'POST', headers: { Authorization: `Bearer ${display}` }, body: '{}' });
    assert.equal(write.status, 403);
    const drive = await fetch(`${shapan.base}/walls/hall/commands`, { method: 'POST', headers: { Authorization: `Bearer ${display}` }, body: '{"do": "home"}' });
    assert.equal(drive.status, 403);
  });

  await t.test('is driven by another device', async () => {
    const { listeners } = await tell('scope', '420106001005');
    assert.equal(listeners, 1);
    await page.waitForFunction(() => location.hash.includes('scope=420106001005'), undefined, FAR);
    await tell('home');
    await page.waitForFunction(() => !location.hash.includes('scope='), undefined, FAR);
  });

  await t.test('tours from its file, and is stepped by a clicker', once, async () => {
    await tell('tour', 'start');
    await page.waitForFunction(() => location.hash.includes('tour=1'), undefined, FAR);
    const there = () => page.waitForFunction(() => location.hash.includes('scope=420106001020'), undefined, { ...FAR, timeout: 4000 }).then(() => true, () => false);
    for (let i = 0; i < 3 && !(await there()); i++) await tell('tour', 'next'); // where it begins is a matter of the clock
    const before = await hash(page);
    assert.equal(before.scope, '420106001020');
    for (let i = 0; i < 3; i++) await page.keyboard.press('PageDown');
    assert.deepEqual(await hash(page), before, 'three steps of three stops');
    await page.keyboard.press('PageUp');
    assert.equal((await hash(page)).scope, undefined);
    await tell('tour', 'stop');
    await tell('home');
    await page.waitForFunction(() => !/tour=|scope=/.test(location.hash), undefined, FAR);
  });

  await t.test('plays the past, and says that it does', async () => {
    const at = '2017-12-04T14:05:00+08:00';
    const open = new Set();
    for (const ended of ['closed_at=null()&cancelled_at=null()', `closed_at=${encodeURIComponent(`>=${at}`)}`, `cancelled_at=${encodeURIComponent(`>=${at}`)}`]) {
      const page = await ask(shapan.base, `/collections/events/items?limit=10000&properties=closed_at,cancelled_at&reported_at=${encodeURIComponent(`<=${at}`)}&${ended}`, display);
      for (const f of page.features) if (f.properties.closed_at !== at) open.add(f.id);
    }
    await tell('playback', at, { window: '1d' });
    await page.waitForFunction((n) => window.shapanWall.played() === n, open.size, FAR);
    assert.match(await page.textContent('.playback-banner'), /not live.*2017-12-04 Monday 14:05/);
    assert.equal(await page.textContent('.panel-situation .figure'), String(open.size), 'the number follows');
    assert.equal(await page.evaluate(() => window.shapanWall.featureCount('events')), 0, 'nothing of now is among it');
    await page.keyboard.press('ArrowRight');
    assert.match((await hash(page)).at, /14:35:00/);
    await page.keyboard.press(' ');
    await page.waitForFunction(() => /speed=/.test(location.hash), undefined, FAR);
    await tell('playback', 'live');
    await page.waitForFunction(() => !/at=/.test(location.hash) && window.shapanWall.featureCount('events') > 0, undefined, FAR);
  });

  await t.test('gets its graphics card back', once, async () => {
    const before = await page.evaluate(() => window.shapanWall.featureCount('events'));
    await page.evaluate(() => {
      const context = document.querySelector('.map canvas').getContext('webgl2');
      window.lost = context.getExtension('WEBGL_lose_context');
      window.lost.loseContext();
    });
    await page.waitForSelector('.map-fault', FAR);
    await page.evaluate(() => window.lost.restoreContext());
    await page.waitForSelector('.map-fault', { state: 'detached', timeout: 30_000 });
    await page.waitForFunction((n) => window.shapanWall.featureCount('events') === n, before, FAR);
  });

  await t.test('outlives the service, stopped and killed', async () => {
    await page.evaluate(() => (window.untouched = true));
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      await shapan.restart(signal, 600);
      await page.waitForFunction(() => document.querySelector('.state')?.dataset.kind === 'live', undefined, FAR);
      const seq = await page.evaluate(() => window.shapanWall.seq());
      const title = `after ${signal}`;
      const body = { type: 'Feature', geometry: { type: 'Point', coordinates: [114.3036, 30.5637] }, properties: { title, domain: 'urban', category: 'exposed_garbage', level: 2, severity: 'moderate', source: 'patrol' } };
      await ask(shapan.base, '/collections/events/items', shapan.admin, { method: 'POST', headers: { 'Content-Type': 'application/geo+json' }, body: JSON.stringify(body) });
      await page.waitForSelector(`.event-title:has-text("${title}")`, FAR);
      assert.ok((await page.evaluate(() => window.shapanWall.seq())) > seq);
    }
    const { listeners } = await tell('home');
    assert.equal(listeners, 1, 'the remote control is back too');
    assert.equal(await page.evaluate(() => window.untouched), true, 'the document is the same');
    seen.errors = seen.errors.filter((text) => !/Failed to load resource|net::ERR|CONTEXT_LOST|context/i.test(text)); // while it, or the card, was away
    assertClean(seen);
    await page.close();
  });
  await browser.close();

  await t.test('shows a picture first, and the map in its place', once, async () => {
    const fresh = await openBrowser();
    t.after(() => fresh.close());
    const page = await fresh.newPage();
    await page.goto(`${shapan.base}/ui/wall#token=${display}`);
    await page.waitForSelector('.picture canvas[data-events]');
    assert.equal(await page.locator('.map.is-waiting').count(), 1, 'the map waits under it');
    assert.equal(await page.locator('.picture-note').count(), 0, 'a picture that goes needs no word');
    await page.waitForFunction(() => window.shapanWall.ready.then(() => true), undefined, FAR);
    await page.waitForSelector('.picture', { state: 'detached' });
    assert.equal(await page.locator('.map.is-waiting').count(), 0, 'the map is seen');
    await fresh.close();
  });

  await t.test('shows a picture where there is no WebGL', once, async () => {
    const plain = await openBrowser(['--disable-gpu', '--disable-3d-apis', '--disable-software-rasterizer']);
    t.after(() => plain.close());
    const { page, seen } = await openPage(plain, shapan.base, `${shapan.base}/ui/wall#token=${display}`);
    const { numberMatched: open } = await ask(shapan.base, '/collections/events/items?limit=1&closed_at=null()&cancelled_at=null()', display);
    const canvas = '.picture canvas';
    await page.waitForFunction(([at, n]) => document.querySelector(at)?.dataset.events === String(n), [canvas, open], FAR);
    await page.waitForFunction((at) => Number(document.querySelector(at)?.dataset.heat) > 0, canvas, FAR);
    assert.match(await page.textContent('.picture-note'), /WebGL/);
    assertClean(seen);
    await page.close();
  });
});
