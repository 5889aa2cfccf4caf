import { asStaff, logInAsStaff } from '../support/console.js';
import { arrives, fillIn } from '../support/enrol.js';
import { asMember, expect, logIn, newMail, submit, test } from '../support/test.js';

const minutes = 60;
const KEPT = '入力した内容は残っています';
const AGAIN = '操作はまだ完了していません。内容を確かめて、もう一度送信してください。';
const address = (page) => page.getByLabel('新しいメールアドレス');

test('what was typed is back after the login, and the next person sees nothing of it', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/settings/email');
  await portal.advance(31 * minutes);
  await fillIn(page, '/settings/email', { email: 'New.Taro@Mail.Example' });
  await arrives(page, '/login');
  await expect(page.getByRole('status')).toContainText(KEPT);
  // Somebody else logs in at the same screen first, and comes to the same page.
  await logIn(page, society.account('mihon00002'));
  await arrives(page, '/settings/email');
  await expect(address(page)).toHaveValue('');
  await page.goto(society.at('/logout'));
  await submit(page, page.locator('form[action="/logout"] button'));

  await page.goto(society.at('/login'));
  await logIn(page, society.account('testtaro01'));
  await page.goto(society.at('/settings/email'));
  await expect(address(page)).toHaveValue('New.Taro@Mail.Example');
  await expect(page.getByRole('status')).toHaveText(AGAIN);
  // The language is changed without losing it.
  await page.getByRole('link', { name: 'English' }).click();
  await expect(page.locator('#email')).toHaveValue('New.Taro@Mail.Example');
  await page.getByRole('link', { name: '日本語' }).click();
  await submit(page, page.locator('form[action="/settings/email"] button[type=submit]'));
  await expect(page.getByRole('status')).toContainText('新しいメールアドレスへ確認のメールを送信しました。');
  await newMail(portal, 'minato', 'new.taro@mail.example', 'email_verify');
});

test('staff go on with what they typed before the session ran out', async ({ page, portal }) => {
  const society = portal.society('minato');
  const admin = society.staff.find(({ role }) => role === 'admin');
  await asStaff(page, society, '/console/staff/new');
  await page.getByLabel('氏名').fill('見本 次郎');
  await page.getByLabel('メールアドレス').fill('jiro@mail.example');
  await page.getByLabel('窓口').check();
  await portal.advance(31 * minutes);
  await submit(page, page.getByRole('button', { name: '招待する' }));
  await arrives(page, '/console/login');
  await expect(page.getByRole('status')).toContainText(KEPT);
  await logInAsStaff(page, portal, admin);
  await arrives(page, '/console/staff/new');
  await expect(page.getByLabel('氏名')).toHaveValue('見本 次郎');
  await expect(page.getByLabel('窓口')).toBeChecked();
  await submit(page, page.getByRole('button', { name: '招待する' }));
  await expect(page.getByText('見本 次郎').first()).toBeVisible();
});
