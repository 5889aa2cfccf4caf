import { readFile } from 'node:fs/promises';

import { asStaff } from '../support/console.js';
import { expensesCsv } from '../support/csv.js';
import { asMember, download, expect, newMail, submit, test } from '../support/test.js';

/** The demo society's. */
const INSURER = '06139034';

const header =
  '請求番号,保険者番号,記号,番号,枝番,診療年月,医療機関名,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考\r\n';

/** Chooses a kind and a file on the page for a new one, and sends it. */
async function send(page, kind, name, content) {
  await page.getByRole('radio', { name: kind, exact: true }).check();
  const file = { name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) };
  await page.getByLabel('ファイル ※必須').setInputFiles(file);
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
}

const heading = (page, name) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible();

test('a file from the desk to the statement of a member, and back', async ({ page, portal, browser }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports', 'benefits');
  await page.getByRole('link', { name: '新しいファイルを取り込む' }).click();
  const template = await download(page, () => page.getByRole('link', { name: '医療費のひな形（CSV）' }).click());
  expect(template.name).toBe('expenses-template.csv');
  const good = ['J1', '00', 'みなとまち医院', '通院', [10_000, 7_000, 0, 3_000]];
  const wrong = ['J2', '09', 'みなとまち医院', '通院', [10_000, 7_000, 0, 3_000]];
  await send(page, '医療費', '十月分.csv', expensesCsv(INSURER, [good, wrong], '2026-07'));
  // The page moves on by itself once the check is done.
  await heading(page, '取込内容の確認');
  await expect(page.locator('.figures')).toContainText('取り込める1');
  await expect(page.getByRole('table').filter({ hasText: '理由' })).toContainText('合う人がいません');
  const faults = await download(page, () => page.getByRole('link', { name: 'CSVで見る' }).click());
  expect(await readFile(faults.path, 'utf8')).toContain('\r\n3,');

  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await heading(page, /^取込\d+ 十月分\.csv$/);
  const batch = page.url();
  await page.getByRole('link', { name: '公開する' }).click();
  await expect(page.getByText('10,000円')).toBeVisible();
  // One row is not a month.
  await expect(page.getByLabel('この月の診療分まで、そろいました ※必須')).toHaveValue('none');
  await submit(page, page.getByRole('button', { name: '公開する' }));
  await expect(page.getByRole('status')).toContainText('公開を受け付けました');

  const phone = await browser.newContext();
  const member = await phone.newPage();
  await asMember(member, minato, '/expenses/statement?month=2026-07');
  const shown = member.getByText('みなとまち医院').first();
  await expect(async () => {
    await member.reload();
    await expect(shown).toBeAttached({ timeout: 500 });
  }).toPass();
  const { email } = minato.account('testtaro01');
  const mail = await newMail(portal, 'minato', email, 'expenses_published');
  expect(mail.text).not.toContain('3,000');

  // Done with by the link in the mail, without a login.
  const stop = mail.links.find((link) => link.includes('/unsubscribe/'));
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(stop);
  await submit(stranger, stranger.getByRole('button', { name: 'メールを停止する' }));
  await expect(stranger.getByRole('status')).toContainText('停止しました');
  await stranger.context().close();

  await page.goto(batch);
  await page.getByRole('link', { name: '取り下げる' }).click();
  await expect(page.getByText('すぐに見えなくなります')).toBeVisible();
  await page.getByLabel('理由 ※必須').fill('二重の取込');
  await submit(page, page.getByRole('button', { name: '1件を取り下げる' }));
  // The page moves on by itself once a worker has done it.
  await expect(page.locator('.facts .state')).toHaveText('取下げ');
  await member.reload();
  await expect(shown).not.toBeAttached();
  await phone.close();
});

test('each kind of bad file is told in words', async ({ page, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports/new', 'benefits');
  const summary = page.locator('.error-summary');
  for (const [kind, name, content, words] of [
    ['医療費', 'a.pdf', '%PDF-1.7\n', 'PDFのファイルです'],
    ['医療費', 'bomb.zip', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(200_000)]), 'ZIPの圧縮ファイルを読み取れません'],
    ['加入者台帳', 'a.zip', 'PK\x03\x04', '圧縮ファイルを開きません'],
    ['医療費', 'a.xlsx', 'PK\x03\x04....[Content_Types].xml', 'Excel（xlsx）'],
    ['加入者台帳', 'a.png', Buffer.from('\x89PNG\r\n\x1A\n', 'latin1'), '画像（PNG）'],
    ['加入者台帳', 'utf16.csv', Buffer.from('\ufeff保険者番号', 'utf16le'), 'UTF-16'],
  ]) {
    await send(page, kind, name, content);
    await expect(summary).toContainText(words);
  }
  const row = (month, number = INSURER) => `B,${number},800,1234,00,${month},医院,通院,1,1000,700,0,300,\r\n`;
  const many = Array.from({ length: 10_000 }, () => row('2026-13')).join('');
  for (const [name, content, words] of [
    ['missing.csv', '保険者番号,記号\r\n', '必要な列がありません'],
    ['date.csv', header + row('2026-99'), '「2026-99」'],
    ['insurer.csv', header + row('2026-07', '06149033'), 'この組合のものではありません'],
    ['encoding.csv', Buffer.concat([Buffer.from(header + row('2026-07')), Buffer.from([0xff, 0x0d, 0x0a])]), '文字コード'],
    ['cut.uke', 'IR,2,13,1,1234567,,x,50810,00,03\r\nRE,1,1112,50809,a,1,3600101\r\n', '途中で切れていないか'],
    ['many.csv', header + many, '取り込めない行の理由（10,000件）'],
  ]) {
    await page.goto(minato.at('/console/imports/new'));
    await send(page, '医療費', name, content);
    await heading(page, /取込内容の確認|読み取れないファイルです/);
    await expect(page.locator('main')).toContainText(words);
  }
});

test('killed in the middle of an import, it goes on by itself and nothing is doubled', async ({ page, portal, complaints }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports/new', 'benefits');
  const count = 150_000;
  const row = (at) => `K${at},${INSURER},800,1234,0${at % 2},2026-07,医院,通院,1,1000,700,0,300,\r\n`;
  await send(page, '医療費', 'big.csv', header + Array.from({ length: count }, (_, at) => row(at)).join(''));
  await expect(page.getByRole('heading', { level: 1, name: '取込内容の確認' })).toBeVisible();
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await expect(page.locator('[data-words]')).toContainText('件を処理しました');
  const upload = page.url();
  await portal.kill();
  await portal.startAgain();
  // The one who was killed had it for two minutes.
  await portal.advance(300);
  await page.goto(upload);
  await expect(page.getByRole('heading', { level: 1, name: /^取込\d+ big\.csv$/ })).toBeVisible();
  await expect(page.locator('.figures')).toContainText('取り込んだ150,000');
  await expect(page.locator('.figures')).toContainText('誤り0');
  // The stream of events broke when the portal did.
  complaints.splice(0, complaints.length, ...complaints.filter((said) => !/ERR_|Failed to load resource/.test(said)));
});
