import { readFile } from 'node:fs/promises';

import { asStaff } from '../support/console.js';
import { asMember, download, expect, submit, test } from '../support/test.js';

/** The demo society's. */
const INSURER = '06139034';

const HEADER = '保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日';
const register = (...rows) => [HEADER, ...rows.map((row) => `${INSURER},${row}`), ''].join('\r\n');

/** The reference household under other numbers, without a key of its own. */
const TARO = '990,7,00,テスト タロウ,テスト タロウ,男,1979-08-22,本人,2026-10-01,';
const HANAKO = '990,7,01,テスト ハナコ,テスト ハナコ,女,1981-03-03,家族,2026-10-01,';
const NEWCOMER = '990,8,00,新田 舞,ニッタ マイ,女,1992-02-02,本人,2026-10-01,';

/** Sends a file and waits for its check. */
async function send(page, society, kind, name, content) {
  await page.goto(society.at('/console/imports/new'));
  await page.getByRole('radio', { name: kind, exact: true }).check();
  const file = { name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) };
  await page.getByLabel('ファイル ※必須').setInputFiles(file);
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
  await expect(page.getByRole('heading', { level: 1, name: '取込内容の確認' })).toBeVisible();
}

const take = async (page) => {
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await page.waitForURL(/\/console\/imports\/\d+$/);
};

test('a family under new numbers is asked about, answered in the preview, and keeps its account', async ({ page, portal, browser }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports', 'benefits');
  // Dependents first: the order of the rows does not matter.
  await send(page, minato, '加入者台帳', '異動.csv', register(HANAKO, TARO, NEWCOMER));
  const asked = page.getByRole('region', { name: 'テスト タロウの比較（表）' });
  await expect(asked.getByRole('row', { name: /^記号・番号/ })).toContainText('800-1234');
  await expect(asked.getByRole('row', { name: /^記号・番号/ })).toContainText('990-7');
  await expect(page.getByRole('region', { name: '加入（表）' })).toContainText('新田 舞');
  const list = await download(page, () => page.getByRole('link', { name: '全員のCSV' }).click());
  expect(await readFile(list.path, 'utf8')).toContain('加入,新田 舞,990-8,資格取得日,,2026-10-01,');
  const question = page.getByRole('group', { name: /同じ人ですか.*テスト タロウ/ });
  await question.getByRole('radio', { name: '同じ人', exact: true }).check();
  await take(page);
  await expect(page.locator('.figures')).toContainText('取り込んだ3');

  const phone = await browser.newContext();
  const member = await phone.newPage();
  await asMember(member, minato, '/expenses/statement?from=2025-01&to=2025-12');
  await expect(member.getByText('テスト ハナコ').first()).toBeAttached();
  await phone.close();
  await page.goto(minato.at('/console/imports/questions'));
  await expect(page.getByText('確認待ちの人はいません')).toBeVisible();
});

test('what is decided later waits in a list, and a withdrawal takes all of it back', async ({ page, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports', 'benefits');
  await send(page, minato, '加入者台帳', '異動.csv', register(TARO, HANAKO, NEWCOMER));
  await take(page);
  const batch = page.url();
  await expect(page.locator('.figures')).toContainText('確認待ちの行2');
  await page.goto(minato.at('/console/imports'));
  await expect(page.getByText('確認待ちの行が2行あります')).toBeVisible();
  await page.getByRole('link', { name: '確認する', exact: true }).click();
  await expect(page.getByText('本人の確認が終わると、一緒に取り込みます')).toBeVisible();
  await submit(page, page.getByRole('button', { name: /^決める.*テスト タロウ/ }));
  await expect(page.locator('.error-summary')).toContainText('選んでください');
  await page.getByRole('radio', { name: '別の人' }).check();
  await submit(page, page.getByRole('button', { name: /^決める.*テスト タロウ/ }));
  await expect(page.getByRole('status')).toContainText('別の人として');
  // Of the family of somebody else it is asked by itself.
  await expect(page.getByRole('heading', { level: 3, name: 'テスト ハナコ' })).toBeVisible();

  await page.goto(batch);
  await page.getByRole('link', { name: '取り下げる' }).click();
  await page.getByLabel('理由 ※必須').fill('別のファイルだった');
  await submit(page, page.getByRole('button', { name: /取り下げる$/ }));
  await expect(page.locator('.facts .state')).toHaveText('取下げ');
  await page.goto(minato.at('/console/imports/questions'));
  await expect(page.getByText('確認待ちの人はいません')).toBeVisible();
});

test('claims whose totals differ are confirmed before they are imported', async ({ page, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports', 'benefits');
  const claims = [
    'IR,1,13,1,9900013,,CLINIC,202503,00,',
    'RE,1,1112,202501,TEST TARO,1,19790822,,,,,,,,,,,,',
    `HO,${INSURER},800,1234,2,1234,,,,,,,,,`,
    'GO,140,86392,99',
    '',
  ];
  await send(page, minato, '医療費', 'RECEIPTC.UKE', claims.join('\r\n'));
  await expect(page.getByText('140件・86392点ですが、読み取れたのは1件・1234点です')).toBeVisible();
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await expect(page.locator('.error-summary')).toContainText('チェックを入れてください');
  await page.getByLabel('内容を確かめました').check();
  await take(page);
  await expect(page.locator('.figures')).toContainText('取り込んだ1');
});
