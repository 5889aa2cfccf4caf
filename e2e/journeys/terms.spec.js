import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { arrives, at } from '../support/enrol.js';
import { asMember, expect, logIn, submit, test } from '../support/test.js';

async function logOut(page, society) {
  await page.goto(society.at('/logout'));
  await submit(page, page.locator('form[action="/logout"] button'));
}

test('terms that change are asked for at the next login, and once', async ({ page, context, portal }, info) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society, '/expenses');
  const file = info.outputPath('terms.txt');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, '加入者ポータル利用規約\n\n第1条（変わったところ）\n新しい約束です。\n');
  await portal.yui(['society', 'terms', '--society', 'minato', '--file', file, '--from', '2026-09-16']);
  // A session lasts until the next login; before their date the terms are not asked for.
  await logOut(page, society);
  await page.goto(society.at('/login'));
  await logIn(page, account);
  await page.waitForURL(society.url);
  await logOut(page, society);
  await portal.setClock('2026-09-16T00:00:01+09:00');
  for (const agrees of [false, true]) {
    await page.goto(society.at('/login?return_to=%2Fexpenses'));
    await logIn(page, account);
    await arrives(page, at.terms);
    await expect(page.getByText('利用規約が変わりました。内容をお読みのうえ、あらためて同意をお願いします。')).toBeVisible();
    await expect(page.getByRole('region', { name: '利用規約の本文' })).toContainText('新しい約束です。');
    for (const closed of ['/', '/expenses', '/settings']) {
      await page.goto(society.at(closed));
      await expect(page.getByText(account.name)).toHaveCount(0);
    }
    await page.goto(society.at(at.terms));
    if (agrees) break;
    await submit(page, page.getByRole('button', { name: '同意しない' }));
    await page.waitForURL(society.url);
    expect((await context.cookies()).find((cookie) => cookie.name === 'yui_session')).toBeUndefined();
  }
  await submit(page, page.getByRole('button', { name: '同意する' }));
  await page.waitForURL(society.at('/expenses'));
  await logOut(page, society);
  await page.goto(society.at('/login'));
  await logIn(page, account);
  await page.waitForURL(society.url);
});
