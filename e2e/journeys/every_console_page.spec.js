import { consolePages, notConsolePages } from '../support/console_pages.js';
import { wrongAt } from '../support/looks.js';
import { pageRoutes } from '../support/routes.js';
import { expect, expectComplaint, test } from '../support/test.js';

// The pages wait for nothing of each other: both workers take them.
test.describe.configure({ mode: 'parallel' });
test.use({ reducedMotion: 'reduce' });

for (const { name, open, society: key = 'minato', complaint } of consolePages) {
  test(`console: ${name}: axe finds nothing, nothing sticks out`, async ({ page, portal, complaints }) => {
    await open(page, portal.society(key));
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await expect(page).toHaveTitle(/管理画面/);
    expect(await wrongAt(page, [375, 1280])).toEqual([]);
    if (complaint) expectComplaint(complaints, complaint);
  });
}

test('no page of the console is missing from the list', async () => {
  const routes = (await pageRoutes()).filter((route) => route.startsWith('/console'));
  const listed = new Set([...notConsolePages, ...consolePages.map((page) => page.route).filter(Boolean)]);
  expect(routes).toEqual([...listed].sort());
});
