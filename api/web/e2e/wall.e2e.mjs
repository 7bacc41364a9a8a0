// End to end: the wall. SHAPAN_SCREENSHOT=FOLDER also writes pictures of it into that folder, at the sizes of walls.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { ask, assertClean, DATABASE, DRAW_MS, once, openBrowser, openPage, PICTURES, startShapan, waitForCount } from './harness.mjs';
import { faults, WALLS } from './layout.mjs';

const OPEN = 'closed_at=null()&cancelled_at=null()';
const LONG = { timeout: 120_000 };

test('the wall', { timeout: 900_000 }, async (t) => {
  const shapan = await startShapan();
  t.after(() => shapan.stop());
  assert.match(shapan.record, DATABASE ? /^postgres:/ : /shapan\.gpkg$/);
  t.diagnostic(`the record is ${shapan.record}`);

  /** How many events meet some conditions. */
  const matched = async (conditions) => (await ask(shapan.base, `/collections/events/items?limit=1&${conditions}`, shapan.admin)).numberMatched;
  /** Reports an event; answers with its id. */
  const report = async (title, properties = {}, at = [114.3036, 30.5637]) => {
    const { id } = await ask(shapan.base, '/collections/events/items', shapan.admin, {
      method: 'POST',
      headers: { 'Content-Type': 'application/geo+json' },
      body: JSON.stringify({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: at },
        properties: { title, domain: 'urban', category: 'exposed_garbage', level: 1, severity: 'low', source: 'patrol', stage: 'reported', ...properties },
      }),
    });
    return id;
  };

  await t.test('has a style that follows the specification', once, async () => {
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
  const { page, seen } = await openPage(browser, shapan.base, shapan.wall);
  page.setDefaultTimeout(120_000); // a click waits for two frames, which a busy machine without a graphics card draws slowly
  const hash = () => page.evaluate(() => decodeURIComponent(location.hash));
  const figure = (n) => page.waitForFunction((text) => document.querySelector('.figure')?.textContent === text, String(n), LONG);

  await t.test('shows the subdistrict, and a new event without a reload', async () => {
    await waitForCount(page, 'communities', 12);
    await waitForCount(page, 'grids', 119);
    assert.equal(await hash(), '', 'the token has left the address');
    await page.waitForSelector('.state[data-kind=live]');
    assert.match(await page.textContent('h1'), /积玉桥 一张图/);
    assert.match(await page.textContent('.state'), /数据/);
    const shift = await page.evaluate(() => new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((all) => all.getEntries().forEach((e) => (sum += e.hadRecentInput ? 0 : e.value))).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => resolve(sum), 200);
    }));
    assert.ok(shift < 0.02, `nothing moves while the page comes up: ${shift}`);
    const open = await matched(OPEN);
    await waitForCount(page, 'events', open);
    await figure(open);
    if (PICTURES) await shoot(page, 'wall.webp');

    await page.evaluate(() => (window.untouched = true));
    const seq = await page.evaluate(() => window.shapanWall.seq());
    const posted = Date.now();
    await report('测试事件', { level: 4, severity: 'high' });
    await page.waitForSelector('.event.new:has-text("测试事件")', LONG);
    t.diagnostic(`in the list after ${Date.now() - posted} ms`);
    await page.waitForSelector('.notice:has-text("测试事件")', LONG);
    await waitForCount(page, 'events', open + 1);
    t.diagnostic(`on the map after ${Date.now() - posted} ms`);
    assert.equal(await page.textContent('.event .event-title'), '测试事件', 'the newest event is the first of the list');
    assert.ok((await page.evaluate(() => window.shapanWall.seq())) > seq, 'the number has risen');
    await figure(open + 1);
    await page.click('.alarm:has-text("测试事件") >> text=已阅');
    await page.waitForSelector('.panel-alarms', { state: 'detached' });
    assert.equal(await page.evaluate(() => window.untouched), true, 'the document is the same');
  });

  await t.test('goes down into a community and back by one key, and everything follows', async () => {
    await page.click('.duty-name:has-text("康乐里")');
    await page.waitForSelector('.crumbs.inside [aria-current]:has-text("康乐里社区")');
    assert.equal(await hash(), '#scope=420106001013');
    await figure(await matched(`${OPEN}&scope=420106001013`));
    await page.waitForFunction(() => [...document.querySelectorAll('.event-more > span')].every((e) => e.textContent === '康乐里'), undefined, LONG);
    await page.click('.duty-zone[aria-label*="康乐里片区一"]');
    await page.waitForSelector('.crumbs [aria-current]:has-text("康乐里片区一")');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.crumbs [aria-current]:has-text("康乐里社区")');
    await page.keyboard.press('Backspace');
    await figure(await matched(OPEN));
    assert.equal(await hash(), '');
    await page.goBack();
    await page.waitForSelector('.crumbs.inside');
    await page.keyboard.press('0');
    await page.waitForSelector('.crumbs:not(.inside)', { state: 'attached' });
  });

  await t.test('opens the records behind a number, and its formula', async () => {
    const { kpis } = await ask(shapan.base, '/analytics/kpi?baseline=previous&id=closing_on_time', shapan.admin);
    await page.click('[data-kpi=closing_on_time]');
    await page.waitForSelector(`.drawer-records:has-text("${kpis[0].numerator}")`, LONG);
    assert.match(await page.textContent('.explained'), /应结案数/);
    assert.equal(await hash(), '#kpi=closing_on_time');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.drawer', { state: 'detached' });
    await page.click('.level-row:has-text("3 级") .level-count');
    await page.waitForSelector(`.drawer-records:has-text("${await matched(`${OPEN}&level=3`)}")`, LONG);
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=导出 GeoJSON')]);
    const saved = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.equal(saved.features.length, await matched(`${OPEN}&level=3`));
    await page.keyboard.press('Escape');
  });

  await t.test('paints areas in three ways, one at a time', once, async () => {
    await page.keyboard.press('y');
    await page.click('[data-mode=rate]');
    await page.waitForSelector('.legend :text("千户")');
    if (PICTURES) await shoot(page, 'wall-rate.webp');
    for (const mode of ['towers', 'hexagons']) {
      await page.click(`[data-mode=${mode}]`);
      assert.match(await hash(), new RegExp(`mode=${mode}`));
      await page.waitForFunction((name) => window.shapanWall.drawn(name === 'towers' ? 'parts-towers' : 'hexagons'), mode, LONG);
    }
    await page.click('[data-mode=plain]');
    await page.keyboard.press('y');
    await page.keyboard.press('m');
    await page.waitForSelector('.columns', { state: 'detached' });
    await page.keyboard.press('m');
    await page.waitForSelector('.column');
  });

  await t.test('gives the wall to one event', async () => {
    const { features } = await ask(shapan.base, `/collections/events/items?limit=1&level=3&sortby=-reported_at&${OPEN}`, shapan.admin);
    await page.evaluate((id) => (location.hash = `incident=${id}`), features[0].id);
    await page.waitForSelector('.candidate', LONG);
    await page.waitForSelector('.near li', LONG);
    assert.ok(await page.locator('.timeline .done').count() >= 1);
    await page.waitForFunction(() => window.shapanWall.drawn('incident-ways'), undefined, LONG);
    if (PICTURES) await shoot(page, 'wall-incident.webp');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.panel-situation');
  });

  await t.test('lets one event of level 5 take over at a time, and tells a flood by place and kind', async () => {
    await report('第一起火警', { level: 5, severity: 'critical', domain: 'security', category: 'fire_passage' });
    await page.waitForSelector('.takeover h2:has-text("第一起火警")', LONG);
    await report('第二起火警', { level: 5, severity: 'critical', domain: 'security', category: 'fire_passage' });
    await page.waitForSelector('.takeover-foot:has-text("另有 1 件等待")', LONG);
    assert.equal(await page.locator('.takeover').count(), 1);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.takeover h2:has-text("第二起火警")');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.takeover', { state: 'detached' });
    for (let i = 0; i < 9; i++) await report(`垃圾 ${i}`);
    await page.waitForSelector('.flood .alarm:has-text("9 起 暴露垃圾")', LONG);
    if (PICTURES) await shoot(page, 'wall-flood.webp');
    await page.click('text=全部已阅');
    await page.waitForSelector('.panel-alarms', { state: 'detached' });
    assertClean(seen);
    await page.close();
  });

  await t.test('shows the public view without a token', once, async () => {
    const context = await browser.newContext();
    const { page, seen } = await openPage(context, shapan.base, `${shapan.base}/ui/wall#lang=en`);
    await waitForCount(page, 'communities', 12);
    assert.equal(await page.evaluate(() => window.shapanWall.featureCount('events')), 0);
    assert.match(await page.textContent('.badge'), /Public view/);
    assert.equal(await page.locator('.community').count(), 12);
    for (const hidden of ['.panel-events', '.duty', '.panel-kpis']) assert.equal(await page.locator(hidden).count(), 0, hidden);
    assertClean(seen);
    await context.close();
  });

  const flat = await openBrowser(['--disable-3d-apis']); // the layout is that of the panels; a map of 7680 pixels takes software minutes
  t.after(() => flat.close());

  await t.test('is laid out at every size, clear of the joints, and axe finds nothing serious', once, async () => {
    const context = await flat.newContext();
    const { page } = await openPage(context, shapan.base, shapan.wall);
    await page.waitForSelector('.panel-kpis .kpi', LONG);
    await page.waitForSelector('.panel-events .event');
    for (const lang of ['zh', 'en']) {
      for (const [width, height] of WALLS) {
        const screens = [Math.round(width / 1920), Math.round(height / 1080)];
        await page.setViewportSize({ width, height });
        for (const bezels of [undefined, screens]) {
          await page.evaluate((words) => (location.hash = words), `lang=${lang}${bezels ? `&bezels=${bezels.join('x')}` : ''}`);
          const found = await settled(page, bezels ?? [1, 1]);
          assert.deepEqual(found, [], `${lang} ${width}x${height}, ${bezels ? 'spliced' : 'one piece'}`);
        }
      }
    }
    await page.setViewportSize({ width: 1920, height: 1080 });
    const axe = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
    await page.evaluate(axe);
    for (const words of ['lang=zh', 'lang=en&kpi=closing_on_time&menu=1', 'lang=zh&incident=11942']) {
      await page.evaluate((next) => (location.hash = next), words);
      await page.waitForTimeout(1000);
      const { violations } = await page.evaluate(() => window.axe.run(document, { rules: { 'color-contrast-enhanced': { enabled: true } } }));
      const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 5).join(', ')}`);
      assert.deepEqual(serious, [], words);
    }
    await context.close();
  });

  if (PICTURES) {
    await t.test('is pictured at the sizes of walls', async () => {
      for (const [width, height] of [[3840, 1080], [3840, 2160], [5760, 2160], [7680, 2160]]) {
        const scale = 1080 / height; // everything is measured in the height: the same picture, smaller
        const context = await browser.newContext();
        const { page } = await openPage(context, shapan.base, `${shapan.wall}&bezels=${Math.round(width / 1920)}x${Math.round(height / 1080)}`, { width: width * scale, height: 1080 });
        await shoot(page, `wall-${width}x${height}.webp`);
        await context.close();
      }
    });
  }
});

/** What is wrong with the layout once it has come to rest: a slow machine draws a new size late. */
async function settled(page, screens) {
  for (let tries = 0; ; tries++) {
    await page.waitForTimeout(150);
    const found = await page.evaluate(faults, screens);
    if (found.length === 0 || tries === 20) return found;
  }
}

/** Takes a picture and keeps it as WebP, which the browser can write and a repository can bear. */
async function shoot(page, name) {
  await page.waitForTimeout(5000);
  const png = (await page.screenshot({ timeout: DRAW_MS })).toString('base64');
  const paper = await page.context().browser().newPage();
  const webp = await paper.evaluate(async (source) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob());
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', 0.8).split(',')[1];
  }, png);
  await paper.close();
  await writeFile(path.join(PICTURES, name), Buffer.from(webp, 'base64'));
}
