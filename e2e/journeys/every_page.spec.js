import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import axe from 'axe-core';

import { notPages, pages } from '../support/pages.js';
import { expect, test } from '../support/test.js';

const widths = [320, 375, 1280];
const schemes = ['light', 'dark'];

// The pages wait for nothing of each other: both workers take them.
test.describe.configure({ mode: 'parallel' });
test.use({ reducedMotion: 'reduce' });

/** What axe finds, in a line for each element. */
async function findings(page) {
  return page.evaluate(async () => {
    const options = { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } };
    const { violations } = await window.axe.run(document, options);
    const line = (rule, node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary.replaceAll(/\s+/g, ' ')}`;
    return violations.flatMap((rule) => rule.nodes.map((node) => line(rule, node)));
  });
}

/** What is too wide for its card or the page, and which fields are too small to type into. */
async function misfits(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    const found = root.scrollWidth > root.clientWidth ? [`the page, by ${root.scrollWidth - root.clientWidth} px`] : [];
    const name = (element) => `${element.tagName.toLowerCase()}.${element.className}`;
    for (const element of document.querySelectorAll('main .card *:not(svg *, .visually-hidden)')) {
      const box = element.getBoundingClientRect();
      const card = element.closest('.card').getBoundingClientRect();
      if (box.width > 0 && (box.right > card.right - 8 || box.left < card.left)) found.push(`${name(element)} beyond its card`);
    }
    for (const field of document.querySelectorAll('main :is(input:not([type=hidden], [type=checkbox]), select)')) {
      if (field.getBoundingClientRect().width < 120) found.push(`#${field.id} too narrow`);
    }
    return found;
  });
}

/** What the browser fetches for a page from the first byte on: kilobytes as they come over the wire. */
async function weight(page, load) {
  const cdp = await page.context().newCDPSession(page);
  const script = new Set();
  const sizes = new Map();
  cdp.on('Network.responseReceived', ({ requestId, type }) => {
    sizes.set(requestId, 0);
    if (type === 'Script') script.add(requestId);
  });
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  await load();
  await cdp.detach();
  const sum = (ids) => [...ids].reduce((sum, id) => sum + sizes.get(id), 0) / 1000;
  return { requests: sizes.size, all: sum(sizes.keys()), script: sum(script) };
}

for (const { name, open, complaint } of pages) {
  test(`${name}: axe finds nothing, nothing sticks out, little to load`, async ({ page, context, portal, complaints }) => {
    const society = { ...portal.society('kline'), portal };
    const found = [];
    for (const lang of ['ja', 'en']) {
      const language = { name: 'yui_lang', value: lang };
      // The members' pages are opened in Japanese, and then looked at in the language.
      await context.addCookies([{ ...language, value: 'ja', url: society.url }]);
      await open(page, society);
      await context.addCookies([society.url, portal.at('localhost')].map((url) => ({ ...language, url })));
      const weighed = await weight(page, () => page.reload());
      expect(weighed.requests, 'requests').toBeLessThanOrEqual(15);
      expect(weighed.all, 'kilobytes').toBeLessThanOrEqual(100);
      expect(weighed.script, 'kilobytes of JavaScript').toBeLessThanOrEqual(30);

      await expect(page.locator('html')).toHaveAttribute('lang', lang);
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      await expect(page).toHaveTitle(/\S/);
      await page.evaluate(axe.source);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        found.push(...(await misfits(page)).map((misfit) => `${lang} ${width} px: ${misfit}`));
        for (const colorScheme of schemes) {
          await page.emulateMedia({ colorScheme });
          found.push(...(await findings(page)).map((finding) => `${lang} ${width} px ${colorScheme} ${finding}`));
        }
      }
      await context.clearCookies();
    }
    expect(found).toEqual([]);
    if (complaint) {
      const [expected, rest] = [complaints.filter((said) => complaint.test(said)), complaints.filter((said) => !complaint.test(said))];
      expect(expected.length).toBeGreaterThan(0);
      complaints.splice(0, complaints.length, ...rest);
    }
  });
}

test('no page is missing from the list', async () => {
  const source = path.resolve('../crates/yui/src');
  const routes = new Set();
  for (const file of await readdir(source, { recursive: true })) {
    if (!file.endsWith('.rs')) continue;
    const text = await readFile(path.join(source, file), 'utf8');
    for (const [, route] of text.matchAll(/\.get\(\s*"(\/[^"]*)"\s*,\s*(?:Anybody|Member|Service|DemoVisitor|Machine)\b/g)) routes.add(route);
  }
  const listed = new Set([...notPages, ...pages.map((page) => page.route).filter(Boolean)]);
  expect([...routes].sort()).toEqual([...listed].sort());
});
