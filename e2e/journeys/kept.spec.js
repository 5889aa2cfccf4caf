import { asStaff, logInAsStaff } from '../support/console.js';
import { arrives, fillIn } from '../support/enrol.js';
import { asMember, expect, logIn, newMail, submit, test } from '../support/test.js';

const minutes = 60;
const KEPT = '入力した内容は残っています。';
const goOn = (page) => page.getByRole('button', { name: '続ける' });

test('a form sent after the session ran out goes on after the login, and the next person sees nothing of it', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/settings/email');
  await portal.advance(31 * minutes);
  await fillIn(page, '/settings/email', { email: 'New.Taro@Mail.Example' });
  await arrives(page, '/login');
  await expect(page.getByRole('status')).toContainText(KEPT);
  // Somebody else logs in at the same screen first.
  await logIn(page, society.account('mihon00002'));
  await page.waitForURL(society.url);
  await page.goto(society.at('/kept'));
  await page.waitForURL(society.url);
  await page.goto(society.at('/logout'));
  await submit(page, page.locator('form[action="/logout"] button'));

  await page.goto(society.at('/login?return_to=%2Fkept'));
  await logIn(page, society.account('testtaro01'));
  await arrives(page, '/kept');
  await submit(page, goOn(page));
  await expect(page.getByRole('status')).toContainText('新しいメールアドレスへ確認のメールを送信しました。');
  await newMail(portal, 'minato', 'new.taro@mail.example', 'email_verify');
  await page.goto(society.at('/kept'));
  await page.waitForURL(society.url);
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
  await arrives(page, '/console/kept');
  await submit(page, goOn(page));
  await expect(page.getByText('見本 次郎').first()).toBeVisible();
});
