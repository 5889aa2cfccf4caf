import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { arrives, at, fillIn, openLink, send } from '../support/enrol.js';
import { expect, newMail, submit, test } from '../support/test.js';

const insurer = '06149058';
const day = 24 * 60 * 60 * 1000;

/** The date so many days from the machine's today, as the command line has it. */
const dayFromNow = (days) => new Date(Date.now() + days * day).toISOString().slice(0, 10);

const register = `保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日
${insurer},800,1234,00,移行 一子,イコウ カズコ,女,2001-01-01,本人,2020-04-01,
${insurer},800,1235,00,移行 二郎,イコウ ジロウ,男,1990-05-05,本人,2020-04-01,
`;
const users = `ユーザID,保険者番号,記号,番号,メールアドレス,ログイン済み
Mukashi.Kara,${insurer},800,1234,kazuko@mail.example,1
mada-tsukawazu,${insurer},800,1235,,0
`;

/** A society whose members used another portal before, with its staff's commands. */
async function society(portal, info) {
  const folder = info.outputPath('files');
  await mkdir(folder, { recursive: true });
  const file = async (name, text) => {
    await writeFile(path.join(folder, name), text.replaceAll('\n', '\r\n'));
    return path.join(folder, name);
  };
  const create = ['society', 'create', '--key', 'ikou', '--host', 'ikou.localhost', '--name', 'いこう健康保険組合'];
  await portal.yui([...create, '--insurer-number', insurer, '--preset', 'minato']);
  const to = ['--society', 'ikou'];
  await portal.yui(['import', 'register', ...to, await file('register.csv', register)]);
  return {
    key: 'ikou',
    portal,
    at: (where) => portal.at('ikou.localhost', where),
    older: async (...mode) => portal.yui(['import', 'older-users', ...to, ...mode, await file('users.csv', users)]),
    run: (command, ...more) => portal.yui(['society', command, ...to, ...more]),
  };
}

/** Enrolment from the birth date on, as everybody goes through it. */
async function rest(page, ikou, birthDate, email) {
  await arrives(page, at.birthDate);
  await fillIn(page, at.birthDate, { birth_date: birthDate });
  await arrives(page, at.terms);
  await send(page, at.terms);
  await arrives(page, at.email);
  await fillIn(page, at.email, { email });
  const { links } = await newMail(ikou.portal, 'ikou', email, 'email_verify');
  await openLink(page, { links: links.map((link) => ikou.at(new URL(link).pathname)) });
  await arrives(page, at.profile);
  await fillIn(page, at.profile, { user_id: 'atarashii-id', factor: 'email' });
  await arrives(page, at.password);
  await fillIn(page, at.password, { new_password: 'Yuki-to-hashi-58', new_password_again: 'Yuki-to-hashi-58' });
  await page.waitForURL(ikou.at('/'));
}

test('a user of the older system is mailed a link, comes over by it once, and is counted', async ({ page, portal }, info) => {
  const ikou = await society(portal, info);
  await ikou.older('--until', dayFromNow(100));
  expect(await ikou.run('announce', '--on', dayFromNow(2))).toMatch(/1/);
  await portal.setClock(`${dayFromNow(3)}T12:00:00+09:00`);
  const mail = await newMail(portal, 'ikou', 'kazuko@mail.example', 'announcement');
  expect(mail.text).toContain('mukashi.kara');
  // The command line knows the society's host, not the port of this portal.
  const link = ikou.at(new URL(mail.links.find((link) => link.includes('/link/first/'))).pathname);
  await page.goto(link);
  await submit(page, page.locator('main form[action^="/link/"] button'));
  await rest(page, ikou, '20010101', 'kazuko@mail.example');
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('リンクが無効です');
  expect(await ikou.run('progress')).toMatch(/was_active/);
});

test('a posted pair brings in who has no address', async ({ page, portal }, info) => {
  const ikou = await society(portal, info);
  await ikou.older('--until', dayFromNow(100));
  const pairs = await ikou.run('issue-temporary-ids');
  const row = pairs.split('\r\n').find((line) => line.includes('移行 二郎')).split(',');
  const [user_id, password] = row.slice(4, 6);
  expect(user_id).toBe('mada-tsukawazu');
  await portal.setClock(`${dayFromNow(1)}T12:00:00+09:00`);
  await page.goto(ikou.at('/login'));
  await page.locator('#user_id').fill(user_id);
  await page.locator('#password').fill(password);
  await submit(page, page.locator('main form[action="/login"] button[type=submit]'));
  await rest(page, ikou, '19900505', 'jiro@mail.example');
});

test('symbol, number and birth date, on a society’s wish, and never after the last day', async ({ page, portal }, info) => {
  const ikou = await society(portal, info);
  await ikou.older('--first-login', 'numbers-and-birth-date', '--until', dayFromNow(30));
  await portal.setClock(`${dayFromNow(1)}T12:00:00+09:00`);
  const logIn = async (user_id, password) => {
    await page.goto(ikou.at('/login'));
    await page.locator('#user_id').fill(user_id);
    await page.locator('#password').fill(password);
    await submit(page, page.locator('main form[action="/login"] button[type=submit]'));
  };
  await logIn('mukashi.kara', '800123420010101');
  await rest(page, ikou, '20010101', 'kazuko@mail.example');
  await page.context().clearCookies();
  await portal.setClock(`${dayFromNow(32)}T12:00:00+09:00`);
  await logIn('mada-tsukawazu', '800123519900505');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('ログインできません');
});

test('the older host shows where the portal is', async ({ page, portal }) => {
  await page.goto(portal.at('nanohana-old.localhost'));
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expect(page.getByRole('link').first()).toHaveAttribute('href', /nanohana\.localhost/);
});
