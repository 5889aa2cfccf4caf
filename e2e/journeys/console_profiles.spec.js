import { asStaff } from '../support/console.js';
import { asMember, expect, submit, test } from '../support/test.js';

/** The demo society's. */
const INSURER = '06139034';

const THEIRS =
  '証記号\t証番号\t枝番\t受診年月\t医療機関名称\t種別\t実日数\t総医療費\t給付額\t公費\t一部負担金\t担当\r\n' +
  '800\t1234\t00\t2026/6/1\tみさき医院\tG\t2\t10,000\t7,000\t0\t3,000\t総務\r\n';

const file = { name: '七月分.txt', mimeType: 'text/plain', buffer: Buffer.from(THEIRS) };

const heading = (page, name) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible();

async function send(page) {
  await page.getByRole('radio', { name: '医療費', exact: true }).check();
  await page.getByLabel('ファイル ※必須').setInputFiles(file);
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
}

test("another program's file is read once its columns are said", async ({ page, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports/new', 'benefits');
  await send(page);
  await heading(page, '読み取れないファイルです');
  await page.getByRole('link', { name: '列の対応' }).click();
  await page.getByRole('link', { name: '新しい列の対応' }).click();
  await page.getByRole('radio', { name: '医療費', exact: true }).check();
  await page.getByLabel('名前 ※必須').fill('みほんシステム');
  await page.getByLabel('見出しのあるCSVファイル ※必須').setInputFiles(file);
  await submit(page, page.getByRole('button', { name: '見出しを読み取る' }));

  // What names tell is chosen; the rest is asked for.
  await expect(page.getByLabel('自己負担額の列')).toHaveValue('一部負担金');
  await submit(page, page.getByRole('button', { name: '保存する' }));
  await expect(page.locator('.error-summary li')).toHaveCount(2);
  await page.getByLabel('保険者番号の固定の値').fill(INSURER);
  await page.getByLabel('診療区分の列').selectOption('種別');
  await page.getByLabel('診療区分の値の読み替え').fill('G=通院、N=入院');
  await submit(page, page.getByRole('button', { name: '保存する' }));
  await expect(page.getByRole('status')).toContainText('列の対応を保存しました');

  await page.goto(minato.at('/console/imports/new'));
  await send(page);
  await heading(page, '取込内容の確認');
  await expect(page.locator('.facts').first()).toContainText('みほんシステム');
  await expect(page.locator('.figures')).toContainText('取り込める1');
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await heading(page, /^取込\d+ 七月分\.txt$/);
  const batch = /取込(\d+)/.exec(await page.getByRole('heading', { level: 1 }).innerText())[1];
  await portal.yui(['publish', '--society', 'minato', '--batch', batch]);
  await page.context().clearCookies();
  await asMember(page, minato, '/expenses/statement?month=2026-06');
  await expect(page.getByText('みさき医院').first()).toBeAttached();
});
