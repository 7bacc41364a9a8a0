// How long a page takes from a cold start to its first map, and how much comes over the line until then. Not a test: it prints.
//   npm run first                   the sample, an empty cache, 1920 x 1080, the median of five; CHROMIUM=FILE names another browser

import { openBrowser, startShapan } from './harness.mjs';

const TIMES = 5;
/** What tells that a page shows a map: a picture or a sketch of the limits comes first. */
const PAGES = [
  { name: 'wall', first: '.picture canvas[data-events]' },
  { name: 'dispatch', first: '.sketch[data-areas]' },
  { name: 'analysis', first: '.sketch[data-areas]' },
];

/** Waits for an element and the frame that shows it, looking rarely: a look at every frame would draw frames. */
async function shown(page, selector) {
  await page.waitForFunction((s) => document.querySelector(s) !== null, selector, { polling: 50, timeout: 120_000 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
}

/** Opens a page as for the first time; answers with seconds and kilobytes until its first map and the whole one. */
async function open(browser, shapan, { name, first }) {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  let bytes = 0;
  cdp.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength));
  const since = performance.now();
  const so = () => ({ seconds: (performance.now() - since) / 1000, kB: bytes / 1000 });
  await page.goto(`${shapan.base}/ui/${name}#token=${shapan.admin}`);
  await shown(page, first);
  const early = so();
  await shown(page, '[data-drawn=whole]');
  const late = so();
  await context.close();
  return { early, late };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const text = (all) => `${median(all.map((s) => s.seconds)).toFixed(2)} s (${all.map((s) => s.seconds.toFixed(1)).join(', ')}) after ${Math.round(median(all.map((s) => s.kB)))} kB`;

const shapan = await startShapan();
const browser = await openBrowser();
try {
  for (const page of PAGES) {
    const all = [];
    for (let i = 0; i < TIMES; i++) all.push(await open(browser, shapan, page));
    console.log(`${page.name}: first map ${text(all.map((s) => s.early))}, whole map ${text(all.map((s) => s.late))}`);
  }
} finally {
  await browser.close();
  await shapan.stop();
}
