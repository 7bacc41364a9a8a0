// What the tests of the pages share: the real program on an empty record, a real browser, and what must hold of every page.
//   SHAPAN_BIN=../../bin/shapan npm run e2e
// SHAPAN_E2E_DATABASE_URL=URL puts the record into that empty PostGIS database instead of a file; CHROMIUM=FILE names another browser.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

export const BIN = process.env.SHAPAN_BIN ?? '../../bin/shapan';
export const DATABASE = process.env.SHAPAN_E2E_DATABASE_URL;
/** For tests of what no record can change: they run once, beside the file. */
export const once = DATABASE ? { skip: 'seen beside the file' } : {};
/** The folder that gets pictures of the pages; undefined for none. */
export const PICTURES = process.env.SHAPAN_SCREENSHOT || undefined;
export const START_MS = 60_000;
export const DRAW_MS = 180_000; // a machine without a graphics card draws slowly

/**
 * Starts the program on a free port with an empty record; stop ends it and takes its folder away. restart ends it by a signal and
 * starts it again on the same port with the same record, after `pause` ms. `args` are further flags of serve.
 */
export async function startShapan(args = []) {
  const folder = await mkdtemp(path.join(tmpdir(), 'shapan-wall-'));
  let running = launch(folder, '127.0.0.1:0', args);
  const stop = async () => {
    await running.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const found = await running.said({ base: /listening on (http:\/\/\S+)/, admin: /admin token: (\S+)/, wall: /wall: (\S+)/, record: /record=(\S+)\s/ });
    const restart = async (signal = 'SIGTERM', pause = 0) => {
      await running.end(signal);
      await new Promise((resolve) => setTimeout(resolve, pause));
      running = launch(folder, new URL(found.base).host, args);
      await running.said({ record: /record=(\S+)\s/ });
    };
    return { ...found, folder, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs the program: end ends it by a signal, said waits until it has said something of every kind. */
function launch(folder, listen, args) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SHAPAN_|PG)/.test(name))); // no other record
  if (DATABASE) env.SHAPAN_DATABASE_URL = DATABASE;
  const child = spawn(path.resolve(BIN), ['serve', '--listen', listen, '--data', folder, ...args], { env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let text = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (piece) => (text = (text + piece).slice(-100_000)));
  const end = async (signal) => {
    child.kill(signal);
    const kill = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(kill);
  };
  const said = (wanted) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the program did not listen within ${START_MS} ms; it said:\n${text}`)), START_MS);
      child.once('error', (error) => reject(new Error(`${BIN} does not start: ${error.message}. Build it, or set SHAPAN_BIN`)));
      child.once('exit', (code) => reject(new Error(`the program ended with ${code}; it said:\n${text}`)));
      const look = () => {
        const found = Object.entries(wanted).map(([name, pattern]) => [name, pattern.exec(text)?.[1]]);
        if (found.some(([, value]) => value === undefined)) return;
        clearTimeout(late);
        child.stderr.off('data', look);
        resolve(Object.fromEntries(found));
      };
      child.stderr.on('data', look);
    });
  return { end, said };
}

/** Opens Chromium with WebGL drawn by the processor, as on a machine without a graphics card. */
export function openBrowser(args = ['--enable-unsafe-swiftshader']) {
  const known = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = known.find((file) => file && existsSync(file));
  assert.ok(executablePath, 'no Chromium was found: install it (Debian: apt-get install chromium) or set CHROMIUM=FILE');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...args],
  });
}

/** Notes what must not happen on a page: requests to other hosts, errors on the console, navigations. `expected` are answers that the test provokes. */
export function watch(page, base, expected = /$^/) {
  const seen = { foreign: [], errors: [], documents: 0 };
  page.on('request', (r) => {
    if (!r.url().startsWith(`${base}/`) && !/^(blob|data):/.test(r.url())) seen.foreign.push(r.url());
    if (r.isNavigationRequest()) seen.documents++;
  });
  page.on('console', (m) => {
    if (expected.test(`${m.text()} ${m.location().url}`)) return;
    if (m.type() === 'error' || m.type() === 'warning' && !/swiftshader|GPU stall|software/i.test(m.text())) seen.errors.push(`${m.type()}: ${m.text()}`);
  });
  page.on('pageerror', (e) => seen.errors.push(e.message));
  return seen;
}

/** Opens an empty page. For pictures it believes in a graphics card: it draws finely, and takes its time. */
export async function newPage(browser) {
  const page = await browser.newPage();
  if (PICTURES) {
    await page.addInitScript(() => {
      const { getParameter } = WebGL2RenderingContext.prototype;
      const UNMASKED_RENDERER = 0x9246;
      WebGL2RenderingContext.prototype.getParameter = function (name) {
        return name === UNMASKED_RENDERER ? 'a card' : getParameter.call(this, name);
      };
    });
  }
  return page;
}

/** Opens the wall and watches it. */
export async function openPage(browser, base, url, viewport = { width: 1280, height: 720 }) {
  const page = await newPage(browser);
  await page.setViewportSize(viewport);
  const seen = watch(page, base);
  await page.goto(url);
  await page.waitForFunction(() => window.shapanWall, undefined, { timeout: START_MS });
  await page.waitForFunction(() => window.shapanWall.ready.then(() => true), undefined, { timeout: DRAW_MS });
  return { page, seen };
}

/** Waits until the map holds so many features of a layer. */
export async function waitForCount(page, layer, wanted) {
  try {
    await page.waitForFunction(([name, n]) => window.shapanWall.featureCount(name) === n, [layer, wanted], { timeout: DRAW_MS, polling: 250 });
  } catch {
    assert.equal(await page.evaluate((name) => window.shapanWall.featureCount(name), layer), wanted, `features of ${layer} in view`);
  }
}

/** Asks the service, as the holder of a token or as anyone. */
export async function ask(base, pathname, token, init = {}) {
  const response = await fetch(base + pathname, { ...init, headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...init.headers } });
  assert.ok(response.ok, `${init.method ?? 'GET'} ${pathname}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

/** Checks what must hold of every page at its end. */
export function assertClean(seen) {
  assert.deepEqual(seen.foreign, [], 'requests that left the service');
  assert.deepEqual(seen.errors, [], 'errors and warnings on the console');
  assert.equal(seen.documents, 1, 'documents loaded: a page never reloads');
}
