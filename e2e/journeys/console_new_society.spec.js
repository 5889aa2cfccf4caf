import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { asStaff, logInAsStaff } from '../support/console.js';
import { expensesCsv, referenceExpenses, referenceHousehold, referenceRows, registerCsv } from '../support/csv.js';
import { arrives, at, fillIn, openLink, send } from '../support/enrol.js';
import { cells, download, expect, newMail, submit, test } from '../support/test.js';

const run = promisify(execFile);

const insurer = '06149058';
const HOST = 'shinki.localhost';
const OWN = 'Umi-no-oto-2026-x';

/** Sends a file in the console and applies it; waits until its batch is shown. */
async function imported(page, society, kind, name, content) {
  await page.goto(society.at('/console/imports/new'));
  await page.getByRole('radio', { name: kind, exact: true }).check();
  await page.getByLabel('ファイル ※必須').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
  await expect(page.getByRole('heading', { level: 1, name: '取込内容の確認' })).toBeVisible();
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await expect(page.getByRole('heading', { level: 1, name: new RegExp(`^取込\\d+ ${name}$`) })).toBeVisible();
}

/** Registers an authenticator app on the page that shows its key; returns the key. */
async function registerApp(page, portal) {
  await page.getByText('スキャンできませんか？').click();
  const key = (await page.locator('#key').textContent()).replaceAll(' ', '');
  await page.locator('#code').fill(await portal.appCode(key));
  await submit(page, page.getByRole('button', { name: '認証アプリを登録する' }));
  return key;
}

test('a new society: from the command line to a member who sees a statement, by the console and a postcard alone', async ({ page, browser, portal }) => {
  const create = ['society', 'create', '--key', 'shinki', '--host', HOST, '--name', 'しんき健康保険組合'];
  // A policy without maintenance: the journey goes by the machine's clock.
  await portal.yui([...create, '--insurer-number', insurer, '--preset', 'fumitsuki']);
  await portal.yui(['staff', 'invite', '--society', 'shinki', '--email', 'hanako@mail.example', '--name', '新規 花子']);
  // The command line goes by the machine's clock; and the running portal looks every half minute at what it did.
  await portal.setClock(new Date(Date.now() + 31_000).toISOString());
  const society = { key: 'shinki', host: HOST, portal, at: (where) => portal.at(HOST, where) };

  const { links } = await newMail(portal, 'shinki', 'hanako@mail.example', 'staff_invitation');
  await page.goto(society.at(new URL(links[0]).pathname));
  await expect(page.getByText('管理者として招待されています')).toBeVisible();
  await page.locator('#new_password').fill(OWN);
  await page.locator('#new_password_again').fill(OWN);
  await submit(page, page.getByRole('button', { name: '次へ' }));
  const key = await registerApp(page, portal);
  await expect(page.getByRole('heading', { level: 1, name: '概況' })).toBeVisible();

  const people = registerCsv(insurer, referenceHousehold);
  await imported(page, society, '加入者台帳', 'register.csv', people);
  await imported(page, society, '医療費', 'expenses.csv', expensesCsv(insurer, referenceExpenses));
  await page.getByRole('link', { name: '公開する' }).click();
  await submit(page, page.getByRole('button', { name: '公開する' }));
  await expect(page.getByRole('status')).toContainText('公開を受け付けました');

  await page.goto(society.at('/console/temporary-ids'));
  await page.getByLabel('アカウントのない被保険者（1人）').check();
  await submit(page, page.getByRole('button', { name: '発行する' }));
  await expect(async () => {
    await page.reload();
    await expect(page.getByText('受け取り待ち')).toBeVisible({ timeout: 500 });
  }).toPass();
  const postcards = await download(page, () => page.getByRole('button', { name: 'ハガキのPDFを受け取る' }).click());
  expect(postcards.name).toBe('postcards-1.pdf');
  const { stdout: text } = await run('pdftotext', ['-raw', postcards.path, '-']);
  expect(text).toContain('しんき健康保険組合');
  const pieces = text.split(/\s+/).filter((piece) => /^[a-z2-9]+(?:-[a-z2-9]+)*$/.test(piece) && piece.length >= 8);
  const [id, password] = pieces;
  expect(password, text).toBeDefined();

  // The member, with the paper in hand.
  const member = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
  await member.goto(society.at('/login'));
  await fillIn(member, '/login', { user_id: id, password });
  await arrives(member, at.birthDate);
  await fillIn(member, at.birthDate, { birth_date: '19790822' });
  await arrives(member, at.terms);
  await send(member, at.terms);
  await arrives(member, at.email);
  await fillIn(member, at.email, { email: 'taro@mail.example' });
  await openLink(member, await newMail(portal, 'shinki', 'taro@mail.example', 'email_verify'));
  await arrives(member, at.profile);
  await fillIn(member, at.profile, { user_id: 'taro-test', factor: 'email' });
  await arrives(member, at.password);
  await fillIn(member, at.password, { new_password: 'Yuki-to-hashi-58', new_password_again: 'Yuki-to-hashi-58' });
  await member.waitForURL(society.at('/'));
  await member.goto(society.at('/expenses/statement?month=2025-01'));
  expect(await cells(member.locator('.table-wide tbody tr'))).toEqual(referenceRows);
  await member.context().close();

  // A file with passwords is given once, and the log says to whom.
  await page.reload();
  await expect(page.getByText('ハガキのPDF: 新規 花子')).toBeVisible();
  await page.goto(society.at('/console/audit'));
  for (const words of ['仮IDのハガキをダウンロード', '仮ID・仮パスワードの発行を指示', '招待に応じてパスワードを設定']) {
    await expect(page.getByRole('cell', { name: words, exact: true }).first()).toBeVisible();
  }
  await submit(page, page.getByRole('button', { name: 'ログアウト' }));
  await logInAsStaff(page, portal, { email: 'hanako@mail.example', password: OWN, totp_key: key });
  await submit(page, page.getByRole('button', { name: '数え直す' }));
  await expect(page.locator('.figures')).toContainText('100%');
});

test('two decide: what one asks for another approves, and not the same person', async ({ page, browser, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/settings/policy');
  await page.getByLabel('取込データの公開').check();
  await submit(page, page.getByRole('button', { name: '確認へ進む' }));
  await expect(page.getByText('選んだ操作は、ほかの職員が承認するまで実行されません。')).toBeVisible();
  await submit(page, page.getByRole('button', { name: '変更する' }));
  const file = expensesCsv('06139034', [['N1', '00', 'ふたり医院', '通院', [1000, 700, 0, 300]]], '2026-07');
  await imported(page, minato, '医療費', 'two.csv', file);
  await page.getByRole('link', { name: '公開する' }).click();
  await submit(page, page.locator('main form button[type=submit]').first());
  await page.goto(minato.at('/console/approvals'));
  await expect(page.getByText('ほかの職員の承認待ち')).toBeVisible();
  await expect(page.getByRole('button', { name: /承認して実行/ })).toHaveCount(0);

  const other = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
  await asStaff(other, minato, '/console/approvals', 'benefits');
  await submit(other, other.getByRole('button', { name: /承認して実行/ }));
  await expect(other.getByRole('status')).toContainText('承認し、実行しました。');
  await other.goto(minato.at('/console/imports'));
  await expect(async () => {
    await other.reload();
    await expect(other.getByRole('row').filter({ hasText: 'two.csv' })).toContainText('公開中', { timeout: 500 });
  }).toPass();
  await other.context().close();
});

test('what a role may not do, the menu does not offer and the server refuses', async ({ browser, portal, complaints }) => {
  const minato = portal.society('minato');
  for (const [role, offered, refused] of [
    ['benefits', ['概況', 'データ取込', '仮IDの発行', '承認'], ['/console/staff', '/console/settings', '/console/audit']],
    ['desk', ['概況', '承認'], ['/console/temporary-ids', '/console/imports/new', '/console/audit']],
    ['viewer', ['概況', '承認'], ['/console/temporary-ids', '/console/imports/new', '/console/terms']],
  ]) {
    const page = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
    await asStaff(page, minato, '/console', role);
    for (const label of offered) await expect(page.locator('.desk__nav').getByRole('link', { name: label })).toBeVisible();
    for (const where of refused) {
      await page.goto(minato.at(where));
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('権限がありません');
    }
    await page.context().close();
  }
  complaints.length = 0;
});
