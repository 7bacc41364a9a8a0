// Soak: hours of a wall's life in minutes, and then nothing has grown. The real program, a real browser, thousands of changes.
//   npm run soak                    twelve minutes; SHAPAN_SOAK_MINUTES=N says how long, the short form of continuous integration is less than one
// Measured after forced garbage collection, with the wall at rest in the same state each time: the heap, nodes and listeners of
// the page, and what it holds on the graphics card. The least of the last third, and of some rest after it, may exceed that of
// the first by the tolerance below, and no more. SHAPAN_SOAK_REPORT=FILE also writes the samples.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ask, DRAW_MS, openBrowser, openPage, startShapan } from './harness.mjs';

const MINUTES = Number(process.env.SHAPAN_SOAK_MINUTES ?? 0.3);
/** What may be more at the end than at the beginning: a part of it, and so many besides. */
const TOLERANCE = {
  heapMB: { part: 0.2, more: 3 },
  nodes: { part: 0.5, more: 1500 }, // with those that are taken out and not yet swept; elements are those on the page
  listeners: { part: 0.5, more: 100 },
  elements: { part: 0.02, more: 20 },
  markers: { part: 0, more: 2 },
  flashes: { part: 0, more: 12 }, // so many at a time
  sources: { part: 0, more: 0 },
  layers: { part: 0, more: 0 },
  images: { part: 0, more: 30 }, // each sign is made when it is first seen, and there are some thirty
  textures: { part: 0.1, more: 40 },
  buffers: { part: 0.1, more: 200 },
  arrays: { part: 0.1, more: 200 },
  programs: { part: 0, more: 4 },
  framebuffers: { part: 0.1, more: 10 },
};
/** Events that the soak has added and not yet taken away: the wall has the same to show throughout. */
const ALIVE = 120;
const SPOT = [114.3036, 30.5637];

/** Counts objects on the graphics card: made, and neither deleted nor collected. Runs before the page. */
function countGraphics() {
  const counts = (window.graphics = {});
  const kinds = { textures: 'Texture', buffers: 'Buffer', arrays: 'VertexArray', programs: 'Program', framebuffers: 'Framebuffer' };
  for (const [name, kind] of Object.entries(kinds)) {
    counts[name] = 0;
    const collected = new FinalizationRegistry(() => counts[name]--);
    const proto = WebGL2RenderingContext.prototype;
    const [create, remove] = [proto[`create${kind}`], proto[`delete${kind}`]];
    const alive = new WeakSet();
    proto[`create${kind}`] = function () {
      const made = create.call(this);
      if (made) {
        alive.add(made);
        collected.register(made, undefined, made);
      }
      counts[name]++;
      return made;
    };
    proto[`delete${kind}`] = function (object) {
      if (object && alive.delete(object)) {
        counts[name]--;
        collected.unregister(object);
      }
      return remove.call(this, object);
    };
  }
}

/** Adds and takes away events and moves responders, `pause` ms between handfuls, until it is told to stop. */
function makeTraffic(shapan, responders, pause) {
  const done = { changes: 0, fixes: 0, stopped: false, held: false };
  const ids = [];
  const event = (i) => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [SPOT[0] + ((i * 7919) % 1000) / 60_000, SPOT[1] + ((i * 104_729) % 1000) / 60_000] },
    properties: { title: `soak ${i}`, domain: 'urban', category: 'exposed_garbage', level: 1 + (i % 4), severity: ['low', 'moderate', 'high'][i % 3], source: 'patrol' },
  });
  const headers = { Authorization: `Bearer ${shapan.admin}`, 'Content-Type': 'application/geo+json' };
  const post = async (i) => {
    const { id } = await ask(shapan.base, '/collections/events/items', shapan.admin, { method: 'POST', headers, body: JSON.stringify(event(i)) });
    ids.push(id);
    done.changes++;
    if (ids.length <= ALIVE) return;
    await fetch(`${shapan.base}/collections/events/items/${ids.shift()}`, { method: 'DELETE', headers });
    done.changes++;
  };
  const move = async (n) => {
    const fixes = responders.slice(0, 40).map((code, i) => ({ responder: code, lon: SPOT[0] + ((n + i) % 50) / 20_000, lat: SPOT[1] + i / 20_000, at: new Date().toISOString(), accuracy_m: 10 }));
    await fetch(`${shapan.base}/positions`, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(fixes) });
    done.fixes += fixes.length;
  };
  const ended = (async () => {
    for (let i = 0; !done.stopped; i++) {
      if (done.held && ids.length >= ALIVE) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      await Promise.all([post(4 * i), post(4 * i + 1), post(4 * i + 2), post(4 * i + 3)]);
      if (i % 3 === 0) await move(i);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  })();
  return { done, end: () => ((done.stopped = true), ended) };
}

/** The states through which the wall goes, as its address says them. */
const STATES = [
  'lang=en', 'scope=420106001005', 'mode=rate', 'mode=towers', 'mode=hexagons', 'layers=grids,events,facilities', 'heat=0', 'hide=all', 'tour=1', 'level=3',
  'at=2017-12-04T08:00:00&window=1d&speed=3600', 'at=2017-11-20T00:00:00&window=7d&speed=86400', 'at=2017-12-04T14:05:00&window=1h', 'lang=en&scope=420106001020&mode=rate', 'view=17/30.5637/114.3036/30/60',
];

const go = (page, words) =>
  page.evaluate((text) => {
    history.replaceState(null, '', `#${text}`);
    window.dispatchEvent(new Event('hashchange'));
  }, words);

/** Measures the page at rest. */
async function sample(page, cdp) {
  for (let i = 0; i < 3; i++) {
    await cdp.send('HeapProfiler.collectGarbage');
    await page.waitForTimeout(150); // nodes are swept, and textures finalised, after it
  }
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name) => metrics.find((m) => m.name === name)?.value ?? NaN;
  const held = await page.evaluate(() => ({
    elements: document.querySelectorAll('*').length - document.querySelectorAll('.flash, .flash *').length, // rings go out by themselves
    markers: document.querySelectorAll('.maplibregl-marker:not(.flash)').length,
    flashes: document.querySelectorAll('.flash').length,
    ...window.shapanWall.census(),
    ...window.graphics,
  }));
  return { heapMB: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners'), ...held };
}

const least = (values) => Math.min(...values);

/** The least of the first and of the last third of the samples: what a busy page holds for a moment is no growth, its floor is. */
function thirds(samples) {
  const n = Math.max(1, Math.floor(samples.length / 3));
  const of = (part, name) => least(part.map((s) => s[name]));
  return Object.keys(TOLERANCE).map((name) => ({ name, first: of(samples.slice(0, n), name), last: of(samples.slice(-n), name) }));
}

test('the wall does not grow', { timeout: (MINUTES * 3 + 6) * 60_000 }, async (t) => {
  const shapan = await startShapan();
  t.after(() => shapan.stop());
  const { features } = await ask(shapan.base, '/collections/responders/items?limit=100&properties=code', shapan.admin);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const context = await browser.newContext();
  await context.addInitScript(countGraphics);
  const { page, seen } = await openPage(context, shapan.base, shapan.wall);
  await page.setViewportSize({ width: 960, height: 540 }); // a processor draws in place of a graphics card
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  const short = MINUTES < 2;
  const traffic = makeTraffic(shapan, features.map((f) => f.properties.code), short ? 100 : 60);

  const samples = [];
  const rest = async () => {
    traffic.done.held = true;
    await go(page, '');
    await page.waitForTimeout(short ? 900 : 11_000); // what is under way ends, and flashes go out
    samples.push(await sample(page, cdp));
    traffic.done.held = false;
  };
  let refreshes = 0;
  let at = 0;
  const live = async (ms) => {
    for (const until = Date.now() + ms; Date.now() < until; refreshes++) {
      await go(page, STATES[at++ % STATES.length]);
      await page.waitForTimeout(short ? 120 : 250);
    }
  };
  await live(short ? 3000 : 40_000); // everything has been shown once, and caches are full
  const round = short ? 1500 : 15_000;
  for (const until = Date.now() + MINUTES * 60_000; Date.now() < until || samples.length < 6; ) {
    await live(round);
    await rest();
  }
  await traffic.end();

  const slack = short ? 3 : 1; // in a minute a browser sweeps seldom: the short form sees what piles up with every change, the long one what does so slowly
  const grown = ({ name, first, last }) => last > first * (1 + TOLERANCE[name].part) + slack * TOLERANCE[name].more;
  let found = thirds(samples);
  for (let i = 0; i < 20 && found.some(grown); i++) { // what was taken out is swept when the browser finds time; what leaks stays
    await page.waitForTimeout(2000);
    const later = await sample(page, cdp);
    found = found.map(({ name, first, last }) => ({ name, first, last: Math.min(last, later[name]) }));
  }
  const table = found.map(({ name, first, last }) => `${name.padEnd(13)} ${first.toFixed(1).padStart(9)} ${last.toFixed(1).padStart(9)}`);
  t.diagnostic(`${traffic.done.changes} changes of events, ${traffic.done.fixes} positions, ${refreshes} states, ${samples.length} samples`);
  for (const line of [`${''.padEnd(13)}     first      last`, ...table]) t.diagnostic(line);
  if (process.env.SHAPAN_SOAK_REPORT) await writeFile(process.env.SHAPAN_SOAK_REPORT, JSON.stringify({ ...traffic.done, refreshes, samples }, null, 1));
  assert.ok(traffic.done.changes > (short ? 100 : 2000), `${traffic.done.changes} changes: too few to say anything`);
  for (const f of found) assert.ok(!grown(f), `${f.name} grew from ${f.first.toFixed(1)} to ${f.last.toFixed(1)}`);
  assert.deepEqual(seen.foreign, []);
  assert.equal(seen.documents, 1, 'the wall never reloads');
  await page.waitForFunction(() => document.querySelector('.state')?.dataset.kind === 'live', undefined, { timeout: DRAW_MS });
});
