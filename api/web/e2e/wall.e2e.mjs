// End to end: the wall. SHAPAN_SCREENSHOT=FILE also writes a picture of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { ask, assertClean, DATABASE, openBrowser, openPage, startShapan, waitForCount } from './harness.mjs';

const OPEN = 'reported,accepted,filed,dispatched,acknowledged,arrived,disposed,checked';

test('the wall', { timeout: 900_000 }, async (t) => {
  const shapan = await startShapan();
  t.after(() => shapan.stop());
  assert.match(shapan.record, DATABASE ? /^postgres:/ : /shapan\.gpkg$/);
  t.diagnostic(`the record is ${shapan.record}`);

  await t.test('has a style that follows the specification', async () => {
    for (const token of [undefined, shapan.admin]) {
      for (const words of ['lang=zh', 'lang=en&theme=light']) {
        const style = await ask(shapan.base, `/style.json?${words}`, token);
        assert.ok(style.layers.length > 10, `${style.layers.length} layers`);
        assert.deepEqual(validateStyleMin(style, latest).map((e) => e.message), [], `${words}, ${token ? 'admin' : 'anybody'}`);
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
