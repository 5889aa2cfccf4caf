import { asStaff } from '../support/console.js';
import { expensesCsv } from '../support/csv.js';
import { asMember, expect, submit, test } from '../support/test.js';

/** The demo society's. */
const INSURER = '06139034';

/** Sends a file of expenses and imports it. */
async function take(page, society, name, rows, month) {
  await page.goto(society.at('/console/imports/new'));
  await page.getByRole('radio', { name: '医療費', exact: true }).check();
  const file = { name, mimeType: 'text/csv', buffer: Buffer.from(expensesCsv(INSURER, rows, month)) };
  await page.getByLabel('ファイル ※必須').setInputFiles(file);
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
  await expect(page.getByRole('heading', { level: 1, name: '取込内容の確認' })).toBeVisible();
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await page.waitForURL(/\/console\/imports\/\d+$/);
}

/** Publishes the batch whose page is shown. */
async function publish(page) {
  await page.getByRole('link', { name: '公開する' }).click();
  await submit(page, page.getByRole('button', { name: '公開する' }));
  await expect(page.getByRole('status')).toContainText('公開');
}

/** Waits until the member's statement of the month says so. */
async function shows(member, society, month, text) {
  await expect(async () => {
    await member.goto(society.at(`/expenses/statement?month=${month}`));
    await expect(member.locator('main')).toContainText(text, { timeout: 1_000 });
  }).toPass();
}

test('a claim of nobody is assigned by hand and published', async ({ page, portal, browser }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports', 'benefits');
  const rows = [
    ['X1', '00', 'みほん医院', '通院', [1000, 700, 0, 300]],
    ['X2', '09', 'れいじ医院', '通院', [2000, 1400, 0, 600]],
  ];
  await take(page, minato, 'x.csv', rows, '2026-06');
  await publish(page);
  await page.goto(minato.at('/console/imports'));
  await page.getByText('照合を待っています').locator('..').getByRole('link', { name: '確認する' }).click();
  await page.getByText('割り当てる・取り込まない').click();
  await page.getByRole('radio', { name: /テスト ハナコ/ }).check();
  await page.locator('form[action$="/assign"]').getByLabel('理由 ※必須').fill('医療機関に確認');
  await submit(page, page.getByRole('button', { name: /^割り当てる/ }));
  await expect(page.getByRole('region', { name: '手作業の変更（表）' })).toContainText('医療機関に確認');
  const phone = await browser.newContext();
  const member = await phone.newPage();
  await asMember(member, minato, '/expenses/statement?month=2026-06');
  await expect(member.locator('main')).not.toContainText('れいじ医院');
  await publish(page);
  await shows(member, minato, '2026-06', 'れいじ医院');
  await phone.close();
});

test('one claim is corrected with a reason, its former amounts beside it', async ({ page, portal, browser }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports', 'benefits');
  await take(page, minato, 'y.csv', [['Y1', '00', 'みほん医院', '通院', [1000, 700, 0, 300]]], '2026-06');
  await publish(page);
  await page.goto(minato.at('/console/imports'));
  await page.getByRole('link', { name: 'y.csv' }).click();
  await page.getByRole('link', { name: '請求を1件ずつ見る・直す' }).click();
  await page.locator('tbody th a').first().click();
  await page.getByLabel('医療費総額（円）').fill('９００円');
  await page.getByLabel('保険者負担額（円）').fill('630');
  await page.getByLabel('自己負担額（円）').fill('270');
  await page.locator('form[action$="/correct"]').getByLabel('理由 ※必須').fill('減点のため');
  await submit(page, page.getByRole('button', { name: '訂正する' }));
  await expect(page.getByRole('region', { name: '手作業の変更（表）' })).toContainText(
    '総額1,000円・自己負担300円 → 総額900円・自己負担270円',
  );
  await publish(page);
  const phone = await browser.newContext();
  const member = await phone.newPage();
  await asMember(member, minato, '/expenses/statement?month=2026-06');
  await shows(member, minato, '2026-06', '270');
  await phone.close();
});
