import { Authenticator } from '../support/authenticator.js';
import { arrives, faults, fillIn, openLink } from '../support/enrol.js';
import { asMember, expect, expectNotice, logIn, newMail, proveFactor, submit, test, typeLogin } from '../support/test.js';

const minutes = 60;
const hours = 60 * minutes;
const NEXT = 'Ishi-no-mori-61';

const heading = (page) => page.getByRole('heading', { level: 1 });
const status = (page) => page.getByRole('status');
const cookie = async (context, name = 'yui_session') => (await context.cookies()).find((cookie) => cookie.name === name);

async function logOut(page, society) {
  await page.goto(society.at('/logout'));
  await submit(page, page.locator('form[action="/logout"] button'));
}

/** Proves again who is signed in, on the page that asks. */
async function confirm(page, account) {
  await arrives(page, '/confirm');
  await fillIn(page, '/confirm', { password: account.password });
  if (new URL(page.url()).pathname === '/login/factor') await proveFactor(page, account);
}

test('the profile: what it shows, the language, the wish for mails', async ({ page, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society, '/settings');
  await expect(heading(page)).toHaveText('プロフィール変更');
  for (const shown of ['テスト タロウ', 'testtaro01', account.email]) await expect(page.locator('.pairs')).toContainText(shown);
  await expect(page.getByText('（変更は健康保険組合が行います）')).toBeVisible();
  await page.getByRole('group', { name: '「医療費通知」が更新されたときのメール' }).getByLabel('不要').check();
  await page.getByRole('group', { name: '言語' }).getByLabel('English').check();
  await submit(page, page.getByRole('button', { name: '変更', exact: true }));
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.locator('#expenses-no')).toBeChecked();
  await page.locator('#lang-ja').check();
  await submit(page, page.locator('form[action="/settings"] button'));
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
  await expect(status(page)).toHaveText('変更しました。');
  await page.getByRole('link', { name: 'ポータルに戻る' }).click();
  await page.waitForURL(society.url);
});

test('choosing a factor that is not registered leads straight to its registration', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/settings');
  const authenticator = await Authenticator.of(page);
  // Who never chose is asked for what is registered.
  await expect(page.locator('#factor-app')).toBeChecked();
  await page.getByRole('group', { name: '認証方法' }).getByLabel('生体認証').check();
  await submit(page, page.getByRole('button', { name: '変更', exact: true }));
  await arrives(page, '/factors/passkey');
  await page.getByRole('button', { name: '登録', exact: true }).click();
  await arrives(page, '/settings/login');
  await page.goto(society.at('/settings'));
  await expect(page.locator('#factor-passkey')).toBeChecked();
  await page.locator('#factor-app').check();
  await submit(page, page.getByRole('button', { name: '変更', exact: true }));
  await expect(page.locator('#factor-app')).toBeChecked();
  // What is chosen is asked for first.
  await logOut(page, society);
  await authenticator.remove();
  await page.goto(society.at('/login'));
  await typeLogin(page, society.account('testtaro01'));
  await expect(page.locator('form[action="/login/factor/app"]')).toBeVisible();
});

test('something sensitive asks again, by password and factor, and is then gone on with', async ({ page, context, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society, '/settings/login');
  const before = (await cookie(context)).value;
  const sensitive = ['/settings/email', '/settings/password', '/settings/user-id', '/factors/app', '/factors/passkey', '/factors/email'];
  for (const path of sensitive) {
    await page.goto(society.at(path));
    expect(new URL(page.url()).pathname).toBe(path);
  }
  await portal.advance(6 * minutes);
  for (const path of sensitive) {
    await page.goto(society.at(path));
    await arrives(page, '/confirm');
  }
  await page.goto(society.at('/settings'));
  await arrives(page, '/settings');
  await page.goto(society.at('/settings/login'));
  await page.getByRole('link', { name: /^更新.*パスワード$/ }).click();
  await arrives(page, '/confirm');
  await expect(page.getByText('続行するには再度認証してください。')).toBeVisible();
  await fillIn(page, '/confirm', { password: 'wrong-password-1' });
  expect(await faults(page)).toEqual(['パスワードが正しくありません。']);
  await confirm(page, account);
  await arrives(page, '/settings/password');
  expect((await cookie(context)).value, 'a new token').not.toBe(before);

  // The page may be read for a while; what is sent much later asks again.
  await portal.advance(9 * minutes);
  await fillIn(page, '/settings/password', { new_password: NEXT, new_password_again: 'x' });
  expect(await faults(page)).toEqual(['確認用のパスワードが一致しません。もう一度入力してください。']);
  await portal.advance(2 * minutes);
  await fillIn(page, '/settings/password', { new_password: NEXT, new_password_again: NEXT });
  await arrives(page, '/confirm');
  await confirm(page, account);
  await logOut(page, society);
  await page.goto(society.at('/login'));
  await logIn(page, account);
  await page.waitForURL(society.url);
});

test('the password: every mistake is named, the change is mailed, others are signed out', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  const context = await browser.newContext({ locale: 'ja-JP' });
  const other = await context.newPage();
  await asMember(other, society, '/expenses');
  await asMember(page, society, '/settings/login');
  await page.goto(society.at('/.well-known/change-password'));
  await arrives(page, '/settings/password');
  for (const [password, words] of [
    ['Kumo-7x', 'パスワードは8文字以上64文字以内で入力してください。'],
    ['TestTaro01', 'パスワードをユーザIDと同じにすることはできません。'],
    [account.password, '現在のパスワードと同じです。別のパスワードを入力してください。'],
    ['19790822', /推測されるおそれ/],
  ]) {
    await fillIn(page, '/settings/password', { new_password: password, new_password_again: password });
    expect(await faults(page)).toEqual([typeof words === 'string' ? words : expect.stringMatching(words)]);
  }
  await page.getByLabel('全てのデバイスからサインアウトする').check();
  await fillIn(page, '/settings/password', { new_password: NEXT, new_password_again: NEXT });
  await expect(status(page)).toHaveText('パスワードを変更しました。');
  await expect(page.getByText('作成日 2026年9月15日').first()).toBeVisible();
  await expectNotice(portal, 'minato', account.email, 'パスワードが変更されました');
  await other.goto(society.at('/expenses'));
  await arrives(other, '/login');
  await context.close();
  await page.goto(society.at('/expenses'));
  await arrives(page, '/expenses');
});

test('the address: proved by its link before it counts, the old one is told', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society, '/settings');
  await page.getByRole('link', { name: 'Eメール変更' }).click();
  await arrives(page, '/settings/email');
  const invalid = '無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。';
  for (const [email, words] of [
    ['', ['メールアドレスを入力してください。']],
    ['taro?@mail.example', [invalid]],
    [`a@${'b'.repeat(250)}.example`, [invalid, '設定可能なメールアドレスの最大文字数は255文字です。']],
  ]) {
    await fillIn(page, '/settings/email', { email });
    expect(await faults(page)).toEqual(words);
  }
  await fillIn(page, '/settings/email', { email: 'New.Taro@Mail.Example' });
  await expect(status(page)).toContainText('新しいメールアドレスへ確認のメールを送信しました。');
  await expect(page.locator('.pairs')).toContainText(account.email);
  const first = await newMail(portal, 'minato', 'new.taro@mail.example', 'email_verify');
  await portal.advance(31 * minutes);
  await page.goto(first.links[0]);
  await expect(heading(page)).toHaveText('リンクが無効です');
  await page.goto(society.at('/settings/email'));
  if (new URL(page.url()).pathname === '/login') {
    await logIn(page, account);
    await page.goto(society.at('/settings/email'));
  }
  await fillIn(page, '/settings/email', { email: 'New.Taro@Mail.Example' });

  const phone = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
  await openLink(phone, await newMail(portal, 'minato', 'new.taro@mail.example', 'email_verify'));
  await expect(phone.getByRole('status')).toContainText('メールアドレスを確認しました。');
  await phone.context().close();
  await page.goto(society.at('/settings'));
  await expect(page.locator('.pairs')).toContainText('new.taro@mail.example');
  for (const address of [account.email, 'new.taro@mail.example']) {
    await expectNotice(portal, 'minato', address, 'メールアドレスが変更されました');
  }
});

test('the user ID: taken ones are refused, the change is mailed, the old one is dead', async ({ page, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society, '/settings');
  await page.getByRole('link', { name: 'ユーザIDを変更する' }).click();
  for (const [user_id, words] of [
    ['', 'ユーザIDを入力してください。'],
    ['ab', 'ユーザIDは3文字以上255文字以内で入力してください。'],
    ['MIHON00002', 'このユーザIDは使われています。別のユーザIDを入力してください。'],
  ]) {
    await fillIn(page, '/settings/user-id', { user_id });
    expect(await faults(page)).toEqual([words]);
    await expect(page.getByLabel('ユーザID ※必須')).toHaveValue(user_id);
  }
  await fillIn(page, '/settings/user-id', { user_id: 'Shin.Taro@Home' });
  await expect(status(page)).toHaveText('ユーザIDを変更しました。');
  await expect(page.locator('.pairs')).toContainText('shin.taro@home');
  await expectNotice(portal, 'minato', account.email, 'ユーザIDが変更されました');
  await logOut(page, society);
  await page.goto(society.at('/login'));
  await typeLogin(page, account);
  expect(await faults(page)).toEqual(['無効なユーザIDまたはパスワードです。']);
  await logIn(page, { ...account, user_id: 'Shin.Taro@Home' });
  await page.waitForURL(society.url);
});

test('sessions are listed, and ended one by one or all', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const { email } = society.account('testtaro01');
  const contexts = [];
  for (let each = 0; each < 3; each += 1) {
    const context = await browser.newContext({ locale: 'ja-JP', ...(each === 0 ? { userAgent: 'Firefox/140.0 (Android 15)' } : {}) });
    contexts.push(await context.newPage());
    await asMember(contexts.at(-1), society, '/expenses');
  }
  await asMember(page, society, '/settings');
  // Each new device is told by mail, but for the first.
  await expectNotice(portal, 'minato', email, '新しい端末からログインがありました');
  await page.getByRole('link', { name: 'ログイン中の端末' }).click();
  const entries = page.locator('.entry');
  await expect(entries).toHaveCount(4);
  await expect(entries.filter({ hasText: 'この端末' })).toHaveCount(1);
  await expect(entries.filter({ hasText: 'Firefox / Android' })).toContainText('127.0.0.1');
  await submit(page, page.getByRole('button', { name: /^サインアウトする.*Firefox \/ Android$/ }));
  await expect(entries).toHaveCount(3);
  await contexts[0].goto(society.at('/expenses'));
  await arrives(contexts[0], '/login');
  await contexts[1].goto(society.at('/expenses'));
  await arrives(contexts[1], '/expenses');
  await submit(page, page.getByRole('button', { name: '全てのデバイスからサインアウトする' }));
  await expect(entries).toHaveCount(1);
  for (const other of contexts.slice(1)) {
    await other.goto(society.at('/expenses'));
    await arrives(other, '/login');
  }
  for (const other of contexts) await other.context().close();
});

test('who stays logged in sees pages of health after a new proof a day', async ({ page, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await page.goto(society.at('/login'));
  await page.getByLabel('ログイン状態の保存').check();
  await logIn(page, account);
  await page.waitForURL(society.url);
  await portal.advance(23 * hours);
  await page.goto(society.at('/expenses/statement?year=2025'));
  await expect(page.locator('.table-wide tfoot')).toBeVisible();
  await portal.advance(2 * hours);
  await page.goto(society.url);
  await expect(heading(page)).toContainText('テスト タロウ さん');
  for (const path of ['/expenses', '/expenses/statement?year=2025', '/deduction', '/deduction/2025']) {
    await page.goto(society.at(path));
    await arrives(page, '/confirm');
    await expect(page.locator('.amount')).toHaveCount(0);
  }
  await page.goto(society.at('/expenses/statement?year=2025'));
  await confirm(page, account);
  await page.waitForURL(society.at('/expenses/statement?year=2025'));
  await expect(page.locator('.table-wide tfoot')).toBeVisible();
});
