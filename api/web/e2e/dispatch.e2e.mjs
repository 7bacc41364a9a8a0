// End to end: the dispatcher's desk. SHAPAN_SCREENSHOT=FOLDER also writes a picture of it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { ask, assertClean, newPage, once, openBrowser, PICTURES, startShapan, watch } from './harness.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WAIT = { timeout: 20_000 };

/** Answers that the flows provoke, and a service that has no calendar. */
const PROVOKED = /status of (409|422)|\/calendar\?/;

/** Opens the desk at a state of its address. */
async function openDesk(browser, shapan, hash, token = shapan.admin, viewport = { width: 1024, height: 768 }) {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  const page = await newPage(context);
  const seen = watch(page, shapan.base, PROVOKED);
  await page.goto(`${shapan.base}/ui/dispatch#${hash}${token ? `&token=${token}` : ''}`);
  await page.waitForSelector('.masthead .health', WAIT);
  return { page, seen, close: () => context.close() };
}

/** Enters an event and answers with its id. Its deadline is two weeks off: whatever the hour and the holidays, most of the working time is left. */
async function makeEvent(shapan, title, properties = {}, at = [114.3082, 30.5641]) {
  const hour = 3_600_000;
  const iso = (h) => new Date(Date.now() + h * hour).toISOString();
  const made = await ask(shapan.base, '/collections/events/items', shapan.admin, {
    method: 'POST',
    headers: { 'Content-Type': 'application/geo+json' },
    body: JSON.stringify({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: at },
      properties: { title, domain: 'urban', category: 'exposed_garbage', level: 3, severity: 'critical', reported_at: iso(-1), deadline_at: iso(24 * 14), ...properties },
    }),
  });
  return made.id;
}

const order = (shapan, token, body) => ask(shapan.base, '/dispatch', token, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

const held = async (shapan, event) => (await ask(shapan.base, `/collections/assignments/items?event_id=${event}`, shapan.admin)).features;

const steps = async (shapan, event) => (await ask(shapan.base, `/collections/dispatch_log/items?event_id=${event}&sortby=at`, shapan.admin)).features.map((f) => f.properties.action);

/** Nothing serious for assistive technology. */
async function assertAccessible(page, what) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] }));
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join(' | ')}`), [], what);
}

/** What has the focus: an event of the queue, or an element by its id. */
const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('data-event') ?? document.activeElement?.id ?? '');

test('the desk', { timeout: 600_000 }, async (t) => {
  const shapan = await startShapan();
  t.after(() => shapan.stop());
  const browser = await openBrowser();
  t.after(() => browser.close());

  await t.test('sends somebody else with a reason, takes them back, sends the first, follows them', async () => {
    const event = await makeEvent(shapan, '护栏倒塌');
    const { page, seen, close } = await openDesk(browser, shapan, 'theme=light');
    await page.click(`.queue-row[data-event="${event}"]`, WAIT);
    await page.waitForSelector('.candidate .send', WAIT);
    assert.match(await page.evaluate(() => location.hash), new RegExp(`event=${event}\\b`));
    assert.doesNotMatch(page.url(), /token/, 'the token has left the address');
    assert.equal(await page.getAttribute('.queue-row[aria-current] .light', 'aria-label'), '时间充裕');
    const ranking = await ask(shapan.base, `/dispatch?event=${event}`, shapan.admin);
    const posts = ranking.lists[0].candidates.map((c) => c.post);
    assert.deepEqual(await page.locator('.candidate .post').allTextContents(), posts, 'the candidates are those of the service, in order');
    assert.equal(await page.locator('.person-mark').count(), posts.length, 'each is on the map');

    await page.click('.candidate-head[data-rank="2"]');
    await page.click('.candidate.chosen .send');
    await page.waitForSelector('.reason[open]', WAIT);
    await page.click('.reason .primary');
    assert.match(await page.textContent('.reason .fault'), /理由/, 'a reason is needed');
    await page.click('.reason input[value=r_knows]');
    await page.fill('.reason input[name=reason]', '住在隔壁');
    await page.click('.reason .primary');
    await page.waitForSelector('.notice.good .undo', WAIT);
    const [sent] = await held(shapan, event);
    assert.equal(sent.properties.status, 'assigned');
    assert.equal(sent.properties.reason, '熟悉此事或当事人; 住在隔壁');

    await page.keyboard.press('u');
    await page.waitForSelector('.notice:has-text("已撤回")', WAIT);
    assert.deepEqual(await held(shapan, event), [], 'nobody is held after the undo');

    await page.click('.candidate-head[data-rank="1"]', WAIT);
    await page.waitForSelector('.candidate.chosen .send:enabled', WAIT);
    await page.click('.candidate.chosen .send');
    await page.waitForSelector('.held-row.assigned', WAIT);
    await page.click('.held-row [data-move=acknowledge]');
    await page.waitForSelector('.held-row.acknowledged', WAIT);
    for (const move of ['arrive', 'done']) { // a service that knows no arrivals has no button for them
      const button = page.locator(`.held-row [data-move=${move}]:enabled`);
      if (move === 'arrive' && (await button.count()) === 0) continue;
      await button.click(WAIT);
    }
    await page.waitForSelector('.held-row', { state: 'detached', ...WAIT });
    const taken = await steps(shapan, event);
    assert.deepEqual(taken.filter((s) => s !== 'arrived'), ['reserved', 'assigned', 'released', 'reserved', 'assigned', 'acknowledged', 'done']);
    assertClean(seen);
    await close();
  });

  await t.test('shows that another dispatcher was faster, and what is true now', async () => {
    const event = await makeEvent(shapan, '水管爆裂', {}, [114.3065, 30.572]);
    const other = await makeEvent(shapan, '树枝坠落', {}, [114.3066, 30.5721]);
    const [one, two] = await Promise.all([event, other].map((e) => openDesk(browser, shapan, `event=${e}&theme=dark`)));
    for (const { page } of [one, two]) await page.waitForSelector('.candidate .send', WAIT);
    const first = await one.page.textContent('.candidate.chosen .post');
    assert.equal(await two.page.textContent('.candidate.chosen .post'), first, 'both would send the same');
    await two.page.route('**/dispatch?*', (route) => route.abort()); // the second page does not hear of it in time
    await two.page.route('**/stream*', (route) => route.abort());
    await one.page.keyboard.press('s');
    await one.page.waitForSelector('.notice.good', WAIT);
    await two.page.unroute('**/dispatch?*');
    await two.page.evaluate(() => {
      for (const b of document.querySelectorAll('.candidate.chosen .send')) b.click(); // as fast as a finger that was already on its way
    });
    await two.page.waitForSelector('.notice.conflict', WAIT);
    const said = await two.page.textContent('.notice.conflict');
    assert.match(said, new RegExp(`${first}.*水管爆裂`), said);
    await two.page.waitForFunction((name) => document.querySelector('.candidate.chosen .post')?.textContent !== name, first, WAIT);
    assert.equal((await held(shapan, event)).length, 1);
    assert.deepEqual(await held(shapan, other), []);
    await one.close();
    await two.close();
  });

  await t.test('finds by pinyin, and goes there', once, async () => {
    const { page, seen, close } = await openDesk(browser, shapan, 'lang=en&theme=light');
    await page.waitForSelector('.queue-row', WAIT);
    await page.keyboard.press('/');
    await page.keyboard.type('siqingli wangge5');
    await page.waitForSelector('#search-list [role=option]:has-text("四清里005网格")', WAIT);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.place-name:has-text("四清里005网格")', WAIT);
    assert.match(await page.evaluate(() => location.hash), /at=114\.\d+,30\.\d+/);
    await page.waitForSelector('.candidate', WAIT);
    assertClean(seen);
    await close();
  });

  await t.test('enters an event by keyboard alone, warns of a similar one, and sends', async () => {
    const near = await makeEvent(shapan, '井盖松动', {}, [114.3036, 30.5637]);
    const { page, seen, close } = await openDesk(browser, shapan, 'lang=en&at=114.3037,30.5637&theme=dark');
    await page.waitForSelector('.candidate', WAIT);
    await page.keyboard.press('n');
    await page.waitForSelector('.entry', WAIT);
    await page.waitForFunction(() => document.activeElement?.id === 'entry-title-field', undefined, WAIT);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#entry-title-fault', WAIT);
    await page.keyboard.type('井盖缺失');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Exposed'); // a list goes to what is typed
    await page.waitForFunction(() => document.querySelector('#entry-domain-field').value === 'urban', undefined, WAIT);
    await page.waitForSelector('.similar:has-text("井盖松动")', WAIT);
    assert.match(await page.textContent('.entry .place-name'), /网格/);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.event-head h2:has-text("井盖缺失")', WAIT);
    await page.waitForSelector('.candidate .send', WAIT);
    const id = Number(/event=(\d+)/.exec(page.url())[1]);
    assert.ok(id > near);
    await page.keyboard.press('Tab'); // out of anything that takes letters
    await page.keyboard.press('s');
    await page.waitForSelector('.held-row.assigned', WAIT);
    assert.equal((await held(shapan, id)).length, 1);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.nothing', WAIT);
    await page.keyboard.press('ArrowDown');
    const first = await focused(page);
    await page.keyboard.press('ArrowUp'); // what was entered is the last of the queue
    const second = await focused(page);
    assert.ok(first && second && first !== second, `the focus goes from ${first} to ${second}`);
    await page.keyboard.press('Enter');
    await page.waitForFunction((e) => location.hash.includes(`event=${e}`), second, WAIT);
    await page.waitForSelector('.candidate', WAIT);
    await page.keyboard.press('3');
    assert.equal(await page.textContent('.candidate.chosen .rank'), '3');
    await page.keyboard.press('?');
    await page.waitForSelector('.help[open]', WAIT);
    assertClean(seen);
    await close();
  });

  await t.test('says what a token may not do, and that one is needed', async () => {
    const { page, close } = await openDesk(browser, shapan, 'theme=light', '');
    await page.waitForSelector('.gate:has-text("令牌")', WAIT);
    await page.click('.gate .primary');
    await page.waitForSelector('dialog[open] input[type=password]', WAIT);
    await close();
    const wallToken = /token=(\S+)/.exec(shapan.wall)[1];
    const event = await makeEvent(shapan, '路灯不亮');
    const viewer = await openDesk(browser, shapan, `event=${event}&theme=light`, wallToken);
    await viewer.page.waitForSelector('.candidate, .gate', WAIT);
    await viewer.page.waitForSelector('.gate', WAIT);
    assert.equal(await viewer.page.locator('.send').count(), 0);
    await viewer.close();
  });

  await t.test('has nothing serious against assistive technology, in both themes', once, async () => {
    const event = await makeEvent(shapan, '四清里 5 栋楼道冒烟', { level: 5, deadline_at: new Date(Date.now() + 1_800_000).toISOString() });
    for (const theme of ['light', 'dark']) {
      const { page, close } = await openDesk(browser, shapan, `event=${event}&theme=${theme}`, shapan.admin, { width: 1920, height: 1080 });
      await page.waitForSelector('.candidate .send', WAIT);
      await assertAccessible(page, `the desk, ${theme}`);
      await page.keyboard.press('2');
      await page.keyboard.press('s');
      await page.waitForSelector('.reason[open]', WAIT);
      await assertAccessible(page, `the reason, ${theme}`);
      await page.keyboard.press('Escape');
      await page.waitForSelector('.reason', { state: 'detached', ...WAIT });
      if (theme === 'dark' && PICTURES) {
        await page.keyboard.press('1');
        await page.waitForTimeout(9000);
        await page.screenshot({ path: path.join(PICTURES, 'desk.png') });
      }
      await page.keyboard.press('n');
      await page.waitForSelector('.entry .place-name', WAIT);
      await assertAccessible(page, `the form, ${theme}`);
      await close();
    }
  });
});
