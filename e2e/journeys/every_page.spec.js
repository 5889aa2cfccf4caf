import { untranslated, wrongAt } from '../support/looks.js';
import { notPages, pages } from '../support/pages.js';
import { pageRoutes } from '../support/routes.js';
import { expect, expectComplaint, test } from '../support/test.js';

// The pages wait for nothing of each other: both workers take them.
test.describe.configure({ mode: 'parallel' });
test.use({ reducedMotion: 'reduce' });

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

for (const { name, open, society: key = 'minato', once, complaint } of pages) {
  for (const lang of ['ja', 'en']) {
    test(`${name} (${lang}): axe finds nothing, nothing sticks out, little to load`, async ({ page, context, portal, complaints }) => {
      const society = portal.society(key);
      const urls = [society.url, portal.at('localhost')];
      await context.addCookies(urls.map((url) => ({ name: 'yui_lang', value: lang, url })));
      await open(page, society);
      // What is shown once weighs as much as what is like it.
      if (!once) {
        const weighed = await weight(page, () => page.reload());
        expect(weighed.requests, 'requests').toBeLessThanOrEqual(15);
        expect(weighed.all, 'kilobytes').toBeLessThanOrEqual(100);
        expect(weighed.script, 'kilobytes of JavaScript').toBeLessThanOrEqual(30);
      }
      await expect(page.locator('html')).toHaveAttribute('lang', lang);
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      await expect(page).toHaveTitle(/\S/);
      if (lang === 'en') expect(await untranslated(page, portal.societies), 'Japanese in English').toEqual([]);
      expect(await wrongAt(page, [320, 375, 1280])).toEqual([]);
      if (complaint) expectComplaint(complaints, complaint);
    });
  }
}

test('no page is missing from the list', async () => {
  // The console has a list of its own.
  const routes = (await pageRoutes()).filter((route) => !route.startsWith('/console'));
  const listed = new Set([...notPages, ...pages.map((page) => page.route).filter(Boolean)]);
  expect(routes).toEqual([...listed].sort());
});
