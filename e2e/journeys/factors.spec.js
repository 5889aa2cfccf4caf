import * as OTPAuth from 'otpauth';

import { Authenticator } from '../support/authenticator.js';
import { arrives, faults, fillIn, send } from '../support/enrol.js';
import { asMember, expect, expectComplaint, expectNotice, logIn, mailedCode, proveFactor, submit, test, typeLogin } from '../support/test.js';

const minutes = 60;

const heading = (page) => page.getByRole('heading', { level: 1 });
const session = async (context) => (await context.cookies()).find((cookie) => cookie.name === 'yui_session');
const entry = (page, label) => page.locator('.entry').filter({ has: page.getByText(label, { exact: true }) });
const WRONG = 'ワンタイムパスワードが正しくありません。';

async function logOut(page, society) {
  await page.goto(society.at('/logout'));
  await submit(page, page.locator('form[action="/logout"] button'));
}

/** Opens the login page and proves the password. */
async function toFactor(page, society, userId = 'testtaro01') {
  const account = society.account(userId);
  await page.goto(society.at('/login?return_to=%2Fsettings'));
  await typeLogin(page, account);
  await arrives(page, '/login/factor');
  return account;
}

/** Registers the authenticator's passkey in the settings. */
async function addPasskey(page, society, label = '') {
  await page.goto(society.at('/factors/passkey'));
  await page.getByLabel('端末の名前').fill(label);
  await page.getByRole('button', { name: '登録', exact: true }).click();
  await arrives(page, '/settings/login');
}

/** Makes the page one of a browser that offers no passkeys under the field, as some do not: the button is left. */
const withoutAutofill = (page) =>
  page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });

const passkeyButton = (page) => page.getByRole('button', { name: '生体認証（パスキー）でログインする' });

/** Registers an app in the settings; returns its key. */
async function addApp(page, society, label) {
  await page.goto(society.at('/factors/app'));
  await page.getByText('スキャンできませんか？', { exact: true }).click();
  const key = (await page.locator('#key').innerText()).replaceAll(' ', '');
  await fillIn(page, '/factors/app', { code: await society.portal.appCode(key), label });
  return key;
}

test('app: a code counts once, and one step of drift either way', async ({ page, portal }) => {
  const society = portal.society('minato');
  const key = society.account('testtaro01').totp_key;
  const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(key) });
  const at = async (steps) => totp.generate({ timestamp: (await portal.advance(0)).getTime() + steps * 30_000 });
  // The beginning of a step, so that none ends while the test looks.
  const now = await portal.advance(0);
  await portal.advance(30 - (Math.floor(now / 1000) % 30));
  const tryCode = async (code) => {
    await fillIn(page, '/login/factor/app', { code });
    return new URL(page.url()).pathname === '/settings' ? 'in' : (await faults(page)).join();
  };
  await toFactor(page, society);
  expect(await tryCode('')).toBe(WRONG);
  expect(await tryCode(await at(-2))).toBe(WRONG);
  expect(await tryCode(await at(2))).toBe(WRONG);
  const previous = await at(-1);
  expect(await tryCode(previous)).toBe('in');
  await logOut(page, society);

  await toFactor(page, society);
  expect(await tryCode(previous), 'the same code once more').toBe(WRONG);
  const next = await at(1);
  // As some keyboards write it.
  expect(await tryCode(`${next.slice(0, 3)} ${next.slice(3)}`)).toBe('in');
  await logOut(page, society);

  await toFactor(page, society);
  expect(await tryCode(await at(0)), 'a code older than one that was used').toBe(WRONG);
  await portal.advance(60);
  expect(await tryCode(await at(0))).toBe('in');
});

test('app: the same code in two browsers at once lets one in', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const { totp_key } = await toFactor(page, society);
  const context = await browser.newContext({ locale: 'ja-JP' });
  const other = await context.newPage();
  await toFactor(other, society);
  const code = await portal.appCode(totp_key);
  for (const each of [page, other]) await each.locator('#code').fill(code);
  await Promise.all([page, other].map((each) => send(each, '/login/factor/app')));
  const sessions = await Promise.all([page, other].map((each) => session(each.context())));
  expect(sessions.filter(Boolean)).toHaveLength(1);
  await context.close();
});

test('app: several devices, with names that differ, and a choice between them at the login', async ({ page, portal }) => {
  const society = portal.society('fumitsuki');
  await asMember(page, society, '/settings/login');
  await expect(entry(page, 'スマートフォン')).toHaveCount(1);
  await addApp(page, society, 'スマートフォン');
  expect(await faults(page)).toEqual(['同じデバイス名が登録されています。別の名前を入力してください。']);
  const tablet = await addApp(page, society, ' たぶれっと 2号 ');
  await expect(page.getByRole('status')).toHaveText('認証方法を登録しました。');
  await expect(entry(page, 'たぶれっと 2号')).toContainText('作成日 2026年9月15日');
  const account = society.account('testtaro01');
  await expectNotice(portal, 'fumitsuki', account.email, '認証方法「たぶれっと 2号」が登録されました。');
  await logOut(page, society);

  await toFactor(page, society);
  const others = page.getByRole('region', { name: '別の方法' });
  await others.getByRole('link', { name: 'アプリのコードを使う（たぶれっと 2号）' }).click();
  await expect(page.getByText('「たぶれっと 2号」のアプリに表示されている6桁の数字を入力してください。')).toBeVisible();
  await fillIn(page, '/login/factor/app', { code: await portal.appCode(account.totp_key) });
  expect(await faults(page), 'the other device’s code').toEqual([WRONG]);
  await fillIn(page, '/login/factor/app', { code: await portal.appCode(tablet) });
  await arrives(page, '/settings');
  await logOut(page, society);

  // The one used last is asked for first.
  await toFactor(page, society);
  await expect(page.getByText('「たぶれっと 2号」のアプリに')).toBeVisible();
  await others.getByRole('link', { name: 'アプリのコードを使う（スマートフォン）' }).click();
  await proveFactor(page, account);
  await arrives(page, '/settings');
});

test('five wrong codes end the login, and no second tab gets around the factor', async ({ page, context, portal }) => {
  const society = portal.society('minato');
  await toFactor(page, society);
  for (const closed of ['/', '/expenses', '/settings', '/factors', '/factors/app', '/login/password', '/login/terms', '/login/continue']) {
    const second = await context.newPage();
    await second.goto(society.at(closed));
    await expect(second.getByText('テスト タロウ')).toHaveCount(0);
    expect(new URL(second.url()).pathname, closed).toMatch(/^\/(login(\/factor)?)?$/);
    await second.close();
  }
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await fillIn(page, '/login/factor/app', { code: `00000${attempt}` });
    expect(await faults(page)).toEqual([WRONG]);
  }
  await fillIn(page, '/login/factor/app', { code: '000005' });
  await expect(heading(page)).toHaveText('ログインできません');
  await page.goto(society.at('/login/factor'));
  await arrives(page, '/login');
  expect(await session(context)).toBeUndefined();
  await logIn(page, society.account('testtaro01'));
  await page.waitForURL(society.url);
});

test('mail: a code for this login only, ten minutes, with 再送信', async ({ page, browser, portal }) => {
  const society = portal.society('nanohana');
  const { email } = await toFactor(page, society);
  const code = () => mailedCode(portal, 'nanohana', email);
  const tries = async (code) => {
    await fillIn(page, '/login/factor/email', { code });
    return new URL(page.url()).pathname === '/settings' ? 'in' : (await faults(page)).join();
  };
  await expect(page.getByText('te…@nanohana.example へワンタイムパスワードを送信しました。')).toBeVisible();
  const first = await code();
  await page.reload();
  expect((await portal.mails('nanohana', email)).filter((mail) => mail.kind === 'mail_code')).toHaveLength(1);
  await submit(page, page.getByRole('button', { name: '再送信' }));
  expect(await faults(page)).toEqual(['メールは送信済みです。届くまで30秒ほどお待ちください。']);
  await portal.advance(31);
  await submit(page, page.getByRole('button', { name: '再送信' }));
  await expect(page.getByRole('status')).toBeVisible();
  const second = await code();
  if (first !== second) expect(await tries(first)).toBe(WRONG);
  await portal.advance(11 * minutes);
  expect(await tries(second)).toBe('ワンタイムパスワードの有効時間が過ぎました。再送信を押してください。');
  await submit(page, page.getByRole('button', { name: '再送信' }));
  const third = await code();

  const context = await browser.newContext({ locale: 'ja-JP' });
  const elsewhere = await context.newPage();
  await toFactor(elsewhere, society);
  const theirs = await code();
  await fillIn(elsewhere, '/login/factor/email', { code: third });
  if (third !== theirs) expect(await faults(elsewhere)).toEqual([WRONG]);
  await context.close();
  expect(await tries(third)).toBe('in');
});

test('passkey: registered, named, second factor, and alone by its button', async ({ page, portal }) => {
  const society = portal.society('minato');
  await withoutAutofill(page);
  await asMember(page, society, '/settings/login');
  const authenticator = await Authenticator.of(page);
  await addPasskey(page, society, '　自分の iPhone・青 ');
  await expect(page.getByRole('status')).toHaveText('認証方法を登録しました。');
  await expect(entry(page, '自分の iPhone・青')).toContainText('生体認証');
  const { email } = society.account('testtaro01');
  await expectNotice(portal, 'minato', email, '認証方法「自分の iPhone・青」が登録されました。');
  await logOut(page, society);

  await toFactor(page, society);
  await page.getByRole('button', { name: '生体認証で確認する' }).click();
  await arrives(page, '/settings');
  await logOut(page, society);

  await page.goto(society.at('/login?return_to=%2Fexpenses%2Fstatement%3Fyear%3D2025'));
  await page.getByLabel('ログイン状態の保存').check();
  await passkeyButton(page).click();
  await page.waitForURL(society.at('/expenses/statement?year=2025'));
  expect((await session(page.context())).expires).toBeGreaterThan(0);
  await logOut(page, society);

  // Finger or face are not there, or not known.
  await authenticator.verified(false);
  await page.goto(society.at('/login'));
  await passkeyButton(page).click();
  await expect(page.getByRole('alert')).toHaveText('生体認証を終えられませんでした。もう一度試すか、ユーザIDとパスワードでログインしてください。');
  await authenticator.verified(true);
  await passkeyButton(page).click();
  await page.waitForURL(society.url);
});

test('passkey: picked from the list under the user ID, nothing typed and nothing pressed', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/settings/login');
  await Authenticator.of(page);
  await addPasskey(page, society);
  await logOut(page, society);
  await page.goto(society.at('/expenses/statement?year=2025'));
  await page.waitForURL(society.at('/expenses/statement?year=2025'));
  await expect(page.locator('.table-wide tfoot')).toBeVisible();
});

test('passkey: a double click registers one, which logs in', async ({ page, portal }) => {
  const society = portal.society('minato');
  await withoutAutofill(page);
  await asMember(page, society, '/settings/login');
  await Authenticator.of(page);
  await page.goto(society.at('/factors/passkey'));
  await page.getByRole('button', { name: '登録', exact: true }).dblclick();
  await expect(page.getByRole('status')).toHaveText('認証方法を登録しました。');
  await expect(page.locator('.entry').filter({ hasText: '生体認証' })).toHaveCount(1);
  await logOut(page, society);
  await page.goto(society.at('/login'));
  await passkeyButton(page).click();
  await page.waitForURL(society.url);
});

test('passkey: several, with a name of their own where none is typed', async ({ page, portal }) => {
  const society = portal.society('fumitsuki');
  await asMember(page, society, '/settings/login');
  const first = await Authenticator.of(page);
  await addPasskey(page, society);
  await first.remove();
  await Authenticator.of(page, { transport: 'usb' });
  await addPasskey(page, society);
  const names = await page.locator('.entry__acts').locator('xpath=..').locator('b').allInnerTexts();
  expect(new Set(names).size).toBe(3);
  // The same authenticator is not registered twice.
  await page.goto(society.at('/factors/passkey'));
  await page.getByRole('button', { name: '登録', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('登録を終えられませんでした。');
});

test('passkey: without finger, face or screen lock it is refused in words to act on', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/settings/login');
  await Authenticator.of(page, { isUserVerified: false });
  await page.goto(society.at('/factors/passkey'));
  await page.getByRole('button', { name: '登録', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('端末の顔認証・指紋認証・画面ロックが設定されているか確かめて');
  await page.goto(society.at('/settings/login'));
  await expect(page.locator('.entry__acts')).toHaveCount(1);
});

test('passkey: one that the portal no longer has is refused, and the browser forgets it', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/settings/login');
  const authenticator = await Authenticator.of(page);
  await addPasskey(page, society, '古い電話');
  await entry(page, '古い電話').getByRole('link', { name: '削除' }).click();
  await expect(heading(page)).toHaveText('認証方法の削除');
  await expect(page.getByText('「古い電話」を削除します。')).toBeVisible();
  await page.getByRole('button', { name: '削除' }).click();
  await expect(page.getByRole('status')).toHaveText('認証方法を削除しました。');
  await logOut(page, society);
  expect(await authenticator.credentials()).toHaveLength(1);
  await page.goto(society.at('/login'));
  await expect(page.getByRole('alert')).toHaveText('このパスキーは、このポータルに登録されていません。ほかの方法でログインしてください。');
  await expect.poll(async () => (await authenticator.credentials()).length).toBe(0);
});

test('passkey: a proof anew counts, so that a copy made before it is refused', async ({ page, portal }) => {
  const society = portal.society('minato');
  await withoutAutofill(page);
  await asMember(page, society, '/settings/login');
  const authenticator = await Authenticator.of(page);
  await addPasskey(page, society, '数える鍵');
  const [copied] = await authenticator.credentials();
  // The owner proves who they are, by a passkey that was used often in between.
  await authenticator.remove();
  const used = await Authenticator.of(page);
  await used.add({ ...copied, signCount: copied.signCount + 90 });
  await portal.advance(6 * minutes);
  await page.goto(society.at('/settings/email'));
  await arrives(page, '/confirm');
  await page.getByRole('button', { name: '生体認証で確認する' }).click();
  await arrives(page, '/settings/email');
  await logOut(page, society);
  await used.remove();
  const copy = await Authenticator.of(page);
  await copy.add({ ...copied, signCount: copied.signCount + 60 });
  await page.goto(society.at('/login'));
  await passkeyButton(page).click();
  await expect(page.getByRole('alert').first()).toContainText('生体認証でログインできませんでした。');
  expect(await session(page.context())).toBeUndefined();
});

test('passkey: one of another society is worth nothing', async ({ page, portal }) => {
  const [minato, fumitsuki] = [portal.society('minato'), portal.society('fumitsuki')];
  await asMember(page, minato, '/settings/login');
  await Authenticator.of(page);
  await addPasskey(page, minato, '一台目');
  await page.goto(fumitsuki.at('/login'));
  await passkeyButton(page).click();
  await expect(page.getByRole('alert').first()).not.toBeEmpty();
  await page.goto(fumitsuki.at('/expenses'));
  await arrives(page, '/login');
});

test('passkey: who has one comes in though strangers locked the account', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await withoutAutofill(page);
  await asMember(page, society, '/settings/login');
  await Authenticator.of(page);
  await addPasskey(page, society, '自分の');
  await logOut(page, society);
  const context = await browser.newContext({ locale: 'ja-JP' });
  const stranger = await context.newPage();
  await stranger.goto(society.at('/login'));
  for (let attempt = 1; attempt <= 11; attempt += 1) await typeLogin(stranger, { ...account, password: `wrong-${attempt}` });
  await typeLogin(stranger, account);
  expect(await faults(stranger)).toEqual(['無効なユーザIDまたはパスワードです。']);
  await context.close();
  await page.goto(society.at('/login'));
  await passkeyButton(page).click();
  await page.waitForURL(society.url);
});

test('the last factor stays; another may take its place', async ({ page, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society, '/settings/login');
  await entry(page, 'スマートフォン').getByRole('link', { name: '削除' }).click();
  await expect(page.getByRole('alert')).toContainText('「スマートフォン」は、残っている最後の認証方法のため削除できません。');
  await expect(page.locator('form[action$="/delete"]')).toHaveCount(0);
  // … also where somebody sends the form all the same.
  const path = new URL(page.url()).pathname;
  const answer = await page.evaluate(async (path) => (await fetch(path, { method: 'POST' })).text(), path);
  expect(answer).toContain('残っている最後の認証方法');
  await page.getByRole('link', { name: '別の認証方法を登録する' }).click();
  await page.getByRole('link', { name: /^ワンタイムパスワード（OTP）メール認証/ }).click();
  await send(page, '/factors/email/send');
  await fillIn(page, '/factors/email', { code: '000000' });
  expect(await faults(page)).toEqual([WRONG]);
  await fillIn(page, '/factors/email', { code: await mailedCode(portal, 'minato', account.email) });
  await expect(page.getByRole('status')).toHaveText('認証方法を登録しました。');
  await expect(entry(page, 'OTPメール').getByRole('link', { name: '削除' })).toHaveCount(0);
  await entry(page, 'スマートフォン').getByRole('link', { name: '削除' }).click();
  await submit(page, page.getByRole('button', { name: '削除' }));
  await expect(page.getByRole('status')).toHaveText('認証方法を削除しました。');
  const said = async () => (await portal.mails('minato', account.email)).filter((mail) => mail.kind === 'notice').map((mail) => mail.subject);
  await expect.poll(said).toEqual(['認証方法が削除されました', '認証方法が登録されました']);
  await logOut(page, society);
  await toFactor(page, society);
  await expect(page.getByText('te…@minato.example へワンタイムパスワードを送信しました。')).toBeVisible();
  await proveFactor(page, account);
  await arrives(page, '/settings');
});

test('a device gets another name, which no other has', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/settings/login');
  await addApp(page, society, '二台目');
  await entry(page, '二台目').getByRole('link', { name: '名前の変更' }).click();
  for (const [label, words] of [
    [' ', '名前を入力してください。'],
    ['スマートフォン', '同じ名前が登録されています。別の名前を入力してください。'],
  ]) {
    await page.getByLabel('端末の名前').fill(label);
    await submit(page, page.getByRole('button', { name: '変更' }));
    expect(await faults(page)).toEqual([words]);
  }
  await page.getByLabel('端末の名前').fill('仕事用');
  await submit(page, page.getByRole('button', { name: '変更' }));
  await expect(page.getByRole('status')).toHaveText('名前を変更しました。');
  await expect(entry(page, '仕事用')).toHaveCount(1);
});

test('a registration can sign all other devices out', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const context = await browser.newContext({ locale: 'ja-JP' });
  const other = await context.newPage();
  await asMember(other, society, '/expenses');
  await asMember(page, society, '/settings/login');
  await page.goto(society.at('/factors/app'));
  const key = (await page.locator('#key').textContent()).replaceAll(' ', '');
  await page.getByLabel('全てのデバイスからサインアウトする').check();
  await fillIn(page, '/factors/app', { code: await portal.appCode(key), label: '新しい' });
  await arrives(page, '/settings/login');
  await other.goto(society.at('/expenses'));
  await arrives(other, '/login');
  await context.close();
});

test('nanohana: the app is not to be had in the settings either', async ({ page, portal }) => {
  const society = portal.society('nanohana');
  await asMember(page, society, '/settings/login');
  await expect(page.locator('a[href="/factors/app"]')).toHaveCount(0);
  await page.goto(society.at('/factors/app'));
  await arrives(page, '/factors');
  await page.goto(society.at('/settings'));
  await expect(page.locator('#factor-app')).toHaveCount(0);
});

test('recovery codes: printed once, each works once', async ({ page, portal, complaints }) => {
  const society = portal.society('fumitsuki');
  const { email } = society.account('testtaro01');
  await asMember(page, society, '/settings/login');
  await page.getByRole('link', { name: '回復コードを発行する' }).click();
  await submit(page, page.getByRole('button', { name: '回復コードを発行する' }));
  const codes = await page.locator('.codes code').allInnerTexts();
  expect(new Set(codes).size).toBe(10);
  await expectNotice(portal, 'fumitsuki', email, '回復コードが発行されました');
  await page.goto(society.at('/settings/recovery-codes'));
  await expect(page.locator('.codes')).toHaveCount(0);
  await expect(page.getByText('使っていない回復コードが10個あります。')).toBeVisible();
  await logOut(page, society);

  const byCode = async (code) => {
    await toFactor(page, society);
    await page.getByRole('link', { name: '回復コードを使う' }).click();
    await fillIn(page, '/login/factor/recovery', { recovery_code: code });
  };
  await byCode(codes[3].toLowerCase().replaceAll('-', ' '));
  await arrives(page, '/settings');
  await expectNotice(portal, 'fumitsuki', email, '回復コードを使ってログインがありました。');
  await logOut(page, society);
  await byCode(codes[3]);
  await faults(page);
  await fillIn(page, '/login/factor/recovery', { recovery_code: codes[9] });
  await arrives(page, '/settings');
  await page.goto(society.at('/settings/login'));
  await expect(page.getByText('使っていない回復コードが8個あります。')).toBeVisible();

  const minato = portal.society('minato');
  await asMember(page, minato, '/settings/login');
  await expect(page.getByText('回復コード')).toHaveCount(0);
  await page.goto(minato.at('/settings/recovery-codes'));
  expectComplaint(complaints, /404 \(Not Found\)/);
});

test('phone lost: staff initialise the factor, sessions end, the next login registers anew', async ({ page, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society, '/settings');
  await portal.yui(['account', 'reset-factor', '--society', 'minato', '--user-id', account.user_id]);
  await page.goto(society.at('/settings'));
  await arrives(page, '/login');
  await typeLogin(page, account);
  await arrives(page, '/factors');
  await page.goto(society.at('/expenses'));
  await arrives(page, '/login');
  await page.goto(society.at('/login/continue'));
  await page.getByRole('link', { name: /アプリ認証/ }).click();
  const key = (await page.locator('#key').textContent()).replaceAll(' ', '');
  await fillIn(page, '/factors/app', { code: await portal.appCode(key), label: '新しい電話' });
  await arrives(page, '/settings');
  await logOut(page, society);
  await page.goto(society.at('/login'));
  await typeLogin(page, account);
  await fillIn(page, '/login/factor/app', { code: await portal.appCode(account.totp_key) });
  expect(await faults(page), 'the lost phone’s code').toEqual([WRONG]);
});

test('an account that staff made without a factor registers one at its first login', async ({ page, portal }) => {
  const society = portal.society('fumitsuki');
  const number = ['--insurer-number', society.account('testtaro01').insurer_number, '--symbol', '800', '--number', '2007'];
  const given = ['account', 'create', '--society', 'fumitsuki', ...number, '--user-id', 'tsuika0001'];
  await portal.yui(given, 'Kaze-no-oka-2031\n');
  await page.goto(society.at('/login'));
  await typeLogin(page, { user_id: 'tsuika0001', password: 'Kaze-no-oka-2031' });
  await arrives(page, '/factors');
  await expect(page.locator('.choice')).toHaveCount(3);
  await page.getByRole('link', { name: /メール認証/ }).click();
  await fillIn(page, '/factors/email/send', { email: 'Tsuika@Mail.Example' });
  await fillIn(page, '/factors/email', { code: await mailedCode(portal, 'fumitsuki', 'tsuika@mail.example') });
  await page.waitForURL(society.url);
});
