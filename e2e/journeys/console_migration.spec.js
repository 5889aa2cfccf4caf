import { asStaff, confirmStaff } from '../support/console.js';
import { expensesCsv } from '../support/csv.js';
import { faults } from '../support/enrol.js';
import { bringOlderUsers } from '../support/older_users.js';
import { cells, expect, newMail, submit, test } from '../support/test.js';

const PAGE = '/console/migration';
const heading = (page, name) => expect(page.getByRole('heading', { name })).toBeVisible();
const mail = (page) => page.getByRole('region', { name: '案内メール', exact: true });

/** Types a day and, where there is one, a last day, and goes to the check. */
async function plan(page, on, until = '') {
  await page.getByLabel('送る日').fill(on);
  await page.getByLabel('登録できる最後の日').fill(until);
  await submit(page, page.getByRole('button', { name: '確認へ進む' }));
}

/** Waits until the worker has done what was ordered. */
async function worked(page, words) {
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('region', { name: 'これまでの指示（表）' }).getByRole('row').nth(1)).toContainText(words, { timeout: 500 });
  }).toPass();
}

test('users of an older system are told on a day that staff choose, move and take back', async ({ page, browser, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, PAGE, 'benefits');
  await expect(page.locator('main')).toContainText('以前のシステムの利用者は、まだ登録されていません。');
  await bringOlderUsers(page, minato);
  await page.getByRole('link', { name: '移行', exact: true }).click();
  expect((await cells(page.getByRole('region', { name: '移行の進み具合（表）' }).locator('tbody tr'))).slice(0, 2)).toEqual([
    ['ログインしたことがある人', '2', '0', '0', '0', '0%', '0'],
    ['ログインしたことがない人', '1', '0', '0', '0', '0%', '0'],
  ]);
  await expect(mail(page)).toContainText('これから送れる人 2人');
  await expect(mail(page)).toContainText('メールアドレスがない人 1人');

  // A mistake stands at its field, and the answers stay.
  await plan(page, '2026-09-01', '2026-11-30');
  expect(await faults(page)).toEqual(['2026年9月1日は過ぎています。今日以降の日付を入力してください。']);
  await expect(page.getByLabel('送る日')).toHaveValue('2026-09-01');
  await expect(page.getByLabel('登録できる最後の日')).toHaveValue('2026-11-30');

  await plan(page, '2026-09-16');
  await heading(page, '2人に 2026年9月16日 9時にメールを送ります');
  await page.goBack();
  await plan(page, '2026-09-16');
  await submit(page, page.getByRole('button', { name: '2人に送る' }));
  await expect(page.getByText('送信の指示を受け付けました。')).toBeVisible();
  await worked(page, '2通を用意');
  await expect(mail(page)).toContainText('2026年9月16日 09:00 2通');

  await plan(page, '2026-09-17', '2026-11-30');
  await expect(page.getByRole('listitem').filter({ hasText: '送信待ちの2人は、送る日か登録できる最後の日が変わります。' })).toBeVisible();
  await submit(page, page.getByRole('button', { name: '2人に送る' }));
  await worked(page, '2通の送る日を変更');

  await submit(page, page.getByRole('link', { name: '送信待ちの2通を取り消す' }));
  await heading(page, '送信待ちの2通を取り消します');
  await submit(page, page.getByRole('button', { name: '2通を取り消す' }));
  await worked(page, '2通を取消し');
  await expect(mail(page)).toContainText('送信待ち 0通');

  await plan(page, '2026-09-18');
  await submit(page, page.getByRole('button', { name: '2人に送る' }));
  await worked(page, '2通を用意');
  expect(await portal.mails('minato', 'ichiko@mail.example')).toEqual([]);
  await portal.setClock('2026-09-18T09:01:00+09:00');
  const { links, text } = await newMail(portal, 'minato', 'ichiko@mail.example', 'announcement');
  // The last day of the order before counts: it was not changed again.
  expect(text).toContain('2026年11月30日');
  const member = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
  await member.goto(links.find((link) => link.includes('/link/first/')));
  await expect(member.getByRole('button', { name: '初回登録を始める' })).toBeVisible();
  await member.context().close();
  await asStaff(page, minato, PAGE, 'benefits');
  const rows = await cells(page.getByRole('region', { name: '移行の進み具合（表）' }).locator('tbody tr'));
  expect(rows.slice(0, 2).map((row) => row[2])).toEqual(['1', '1']);
});

test('where two decide on mail to many, it goes out when the second approves', async ({ page, browser, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/settings/policy');
  await page.getByLabel('大勢へのメール（公開のお知らせ、移行の案内）').check();
  await submit(page, page.getByRole('button', { name: '確認へ進む' }));
  await submit(page, page.locator('main form button[type=submit]').first());
  await expect(page).not.toHaveURL(/policy/);
  await bringOlderUsers(page, minato);

  const other = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
  await asStaff(other, minato, PAGE, 'benefits');
  await plan(other, '2026-09-16');
  await submit(other, other.getByRole('button', { name: '承認を依頼する' }));
  await expect(mail(other)).toContainText('さんが承認を依頼しています（2026-09-16 に送信、2人）');
  await expect(other.getByText('まだありません。')).toBeVisible();

  await page.goto(minato.at('/console/approvals'));
  await submit(page, page.getByRole('button', { name: /^承認して実行/ }));
  await confirmStaff(page, portal, minato.staff.find(({ role }) => role === 'admin'));
  await expect(page.getByRole('status')).toHaveText('承認し、実行しました。');
  await page.goto(minato.at(PAGE));
  await worked(page, '2通を用意');
  await other.context().close();
});

test('the history comes without mails and is held against the older totals', async ({ page, portal }) => {
  const minato = portal.society('minato');
  const insurer = '06139034';
  await asStaff(page, minato, '/console/imports/new', 'benefits');
  await page.getByLabel('医療費', { exact: true }).check();
  await page.getByLabel('以前のシステムの履歴').check();
  const file = expensesCsv(insurer, [['H1', '00', 'むかし医院', '通院', [1000, 700, 0, 300]]], '2022-06');
  await page.getByLabel('ファイル ※必須').setInputFiles({ name: 'history.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
  await heading(page, '取込内容の確認');
  await expect(page.locator('main')).toContainText('以前のシステムの履歴');
  await submit(page, page.getByRole('button', { name: '取り込む' }));
  await page.waitForURL(/\/console\/imports\/\d+$/);
  await page.getByRole('link', { name: '公開する' }).click();
  await expect(page.locator('main')).toContainText('お知らせメールは送りません。');

  await page.goto(minato.at(PAGE));
  await page.getByRole('link', { name: '以前のシステムの合計との照合' }).click();
  // In that month the demo has a claim of 13,420 yen already, of which 4,026 were paid.
  const totals = (count) => Buffer.from(`保険者番号,記号,番号,診療年月,件数,医療費総額,自己負担額\r\n${insurer},800,1234,2022-06,${count},14420,4326\r\n`);
  const send = async (count) => {
    await page.getByLabel('合計のファイル').setInputFiles({ name: 'totals.csv', mimeType: 'text/csv', buffer: totals(count) });
    await submit(page, page.getByRole('button', { name: '照合する' }));
  };
  await send(3);
  await expect(page.locator('#differences tbody tr').filter({ hasText: '800-1234' })).toContainText('件数が違う');
  await page.getByLabel('合計のファイル').setInputFiles({ name: 'totals.csv', mimeType: 'text/csv', buffer: totals(3) });
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: '違いをCSVで受け取る' }).click();
  expect((await download).suggestedFilename()).toBe('differences.csv');
  await page.goto(minato.at(`${PAGE}/reconcile`));
  await send(2);
  await expect(page.locator('#differences tbody tr').filter({ hasText: '800-1234' })).toHaveCount(0);
});
