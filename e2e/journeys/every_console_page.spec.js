import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { consolePages, notConsolePages } from '../support/console_pages.js';
import { findings, misfits } from '../support/looks.js';
import { expect, expectComplaint, test } from '../support/test.js';

const widths = [375, 1280];
const schemes = ['light', 'dark'];

// The pages wait for nothing of each other: both workers take them.
test.describe.configure({ mode: 'parallel' });
test.use({ reducedMotion: 'reduce' });

for (const { name, open, society: key = 'minato', complaint } of consolePages) {
  test(`console: ${name}: axe finds nothing, nothing sticks out`, async ({ page, portal, complaints }) => {
    await open(page, portal.society(key));
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await expect(page).toHaveTitle(/管理画面/);
    const found = [];
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      found.push(...(await misfits(page)).map((misfit) => `${width} px: ${misfit}`));
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await findings(page)).map((finding) => `${width} px ${colorScheme} ${finding}`));
      }
    }
    expect(found).toEqual([]);
    if (complaint) expectComplaint(complaints, complaint);
  });
}

test('no page of the console is missing from the list', async () => {
  const source = path.resolve('../crates/yui/src');
  const routes = new Set();
  for (const file of await readdir(source, { recursive: true })) {
    if (!file.endsWith('.rs')) continue;
    const text = await readFile(path.join(source, file), 'utf8');
    for (const [, route] of text.matchAll(/\.get\(\s*"(\/console[^"]*)"/g)) routes.add(route);
  }
  const listed = new Set([...notConsolePages, ...consolePages.map((page) => page.route).filter(Boolean)]);
  expect([...routes].sort()).toEqual([...listed].sort());
});
