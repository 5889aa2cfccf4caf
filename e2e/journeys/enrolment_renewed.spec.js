import { Authenticator } from '../support/authenticator.js';
import { arrives, at, enrol, enrolUpTo, faults, fillIn, fromPostcard, openLink, OWN_PASSWORD, send } from '../support/enrol.js';
import { scanned } from '../support/qr.js';
import { expect, logIn, newMail, submit, test, typeLogin } from '../support/test.js';

const minutes = 60;
const days = 24 * 60 * minutes;
const years = 365.25 * days;

const heading = (page) => page.getByRole('heading', { level: 1 });
const pathOf = (page) => new URL(page.url()).pathname;
const session = async (context) => (await context.cookies()).find((cookie) => cookie.name === 'yui_session');

async function logOut(page, society) {
  await page.goto(society.at('/logout'));
  await page.getByRole('button', { name: 'ログアウトする' }).click();
  await page.waitForURL(society.url);
}

/** The steps before the factor, as they look; returns the account as its owner knows it then. */
async function throughTheSteps(page, society, { factors, recommended, factor, userId }) {
  const { portal } = society;
  const account = await fromPostcard(page, society);
  await arrives(page, at.birthDate);
  await expect(heading(page)).toHaveText('生年月日の入力');
  await expect(page.getByText('初回登録　1/5')).toBeVisible();
  await expect(page.locator('#insurer_number')).toHaveCount(0);
  await page.getByLabel('生年月日').fill(account.birth_date);
  await page.getByRole('button', { name: '次へ' }).click();

  await arrives(page, at.terms);
  await expect(heading(page)).toHaveText('利用規約');
  await expect(page.getByText('初回登録　2/5')).toBeVisible();
  await expect(page.getByRole('region', { name: '利用規約の本文' })).toContainText('第8条（規約の変更）');
  await page.getByRole('button', { name: '同意する' }).click();

  await arrives(page, at.email);
  await expect(heading(page)).toHaveText('メールアドレスの設定');
  await expect(page.getByLabel('メールアドレス ※必須')).toHaveValue(account.email);
  await expect(page.getByLabel('全てのデバイスからサインアウトする')).not.toBeChecked();
  await page.getByRole('button', { name: '確認メールを送信する' }).click();

  await arrives(page, at.emailSent);
  await expect(page.getByText(`${account.email} へ確認のメールを送信しました。`)).toBeVisible();
  const mail = await newMail(portal, society.key, account.email, 'email_verify');
  expect(mail.from).toContain('no-reply@');
  expect(mail.html).toContain(mail.links[0]);
  await openLink(page, mail);

  await arrives(page, at.profile);
  await expect(heading(page)).toHaveText('ユーザIDの変更・認証方法の設定');
  await expect(page.getByLabel('ユーザID ※必須')).toHaveValue(account.user_id);
  const choices = page.getByRole('group', { name: '認証方法' }).getByRole('radio');
  expect(await choices.evaluateAll((radios) => radios.map((radio) => radio.value))).toEqual(factors);
  await expect(page.getByRole('radio', { name: '推奨' })).toHaveValue(recommended);
  await expect(page.locator('[name=factor]:checked')).toHaveValue(recommended);
  await page.getByText('利用不可文字一覧を見る').click();
  await expect(page.locator('.forbidden-characters')).toBeVisible();
  await fillIn(page, at.profile, { user_id: userId, factor });

  await arrives(page, at.password);
  await expect(heading(page)).toHaveText('パスワードの更新');
  await expect(page.getByText('初回登録　5/5')).toBeVisible();
  // The button stays where it is when the words come: a click on it is not lost.
  const button = page.getByRole('button', { name: 'パスワードを更新する' });
  const place = () => button.evaluate((element) => element.getBoundingClientRect().top + window.scrollY);
  const before = await place();
  await page.getByLabel('新しいパスワード ※必須').fill(OWN_PASSWORD);
  await expect(page.getByText(/^パスワードの強さ: /)).toBeVisible();
  expect(await place()).toBe(before);
  await page.getByLabel('新しいパスワード（確認） ※必須').fill(OWN_PASSWORD);
  await button.click();
  return { ...account, user_id: userId.toLowerCase(), password: OWN_PASSWORD };
}

/** What holds at every renewed society once somebody is enrolled and logged out. */
async function afterwards(page, society, account) {
  const { portal } = society;
  const welcome = await newMail(portal, society.key, account.email, 'welcome');
  expect(welcome.from).toContain('webmaster@');
  expect(welcome.text).toContain(account.user_id);
  await page.goto(society.at('/login'));
  await typeLogin(page, society.account('kari000003'));
  expect(await faults(page)).toEqual(['無効なユーザIDまたはパスワードです。']);
}

test('fumitsuki: renewed flow with the app, from the first login to the last log-out', async ({ page, portal }) => {
  const society = portal.society('fumitsuki');
  const account = await throughTheSteps(page, society, {
    factors: ['passkey', 'app', 'email'],
    recommended: 'passkey',
    factor: 'app',
    userId: 'Fumitsuki-Taro',
  });

  await arrives(page, '/factors/app');
  await expect(heading(page)).toHaveText('ワンタイムパスワードの設定');
  for (const app of ['Google Authenticator', 'Microsoft Authenticator', 'FreeOTP']) await expect(page.getByText(app)).toBeVisible();
  const picture = page.locator('img.qr');
  const bytes = Buffer.from(
    await page.evaluate(async (src) => [...new Uint8Array(await (await fetch(src)).arrayBuffer())], await picture.getAttribute('src')),
  );
  const uri = new URL(scanned(bytes));
  // What the screen shows is what the phone's camera reads.
  expect(scanned(await picture.screenshot())).toBe(uri.href);
  expect([uri.protocol, uri.host]).toEqual(['otpauth:', 'totp']);
  expect(decodeURIComponent(uri.pathname.slice(1))).toBe(`${society.name}:fumitsuki-taro`);
  expect(uri.searchParams.get('algorithm') ?? 'SHA1').toBe('SHA1');
  expect([uri.searchParams.get('digits') ?? '6', uri.searchParams.get('period') ?? '30']).toEqual(['6', '30']);
  await page.getByText('スキャンできませんか？', { exact: true }).click();
  const totp_key = (await page.locator('#key').innerText()).replaceAll(' ', '');
  expect(uri.searchParams.get('secret')).toBe(totp_key);
  const device = { ...account, totp_key };

  await fillIn(page, '/factors/app', { code: '000000', label: '' });
  expect(await faults(page)).toEqual([
    'ワンタイムパスワードが正しくありません。アプリに新しく表示された数字を入力してください。',
    'デバイス名を入力してください。',
  ]);
  await fillIn(page, '/factors/app', { code: await portal.appCode(totp_key), label: '自分のスマートフォン' });
  await page.waitForURL(society.url);
  await expect(heading(page)).toContainText('さん');

  await logOut(page, society);
  await afterwards(page, society, account);
  await page.goto(society.at('/login?return_to=%2Fexpenses%2Fstatement%3Fyear%3D2025'));
  await logIn(page, device);
  await page.waitForURL(society.at('/expenses/statement?year=2025'));
  // The user ID may change later, too; the password need not.
  await page.goto(society.at('/settings/user-id'));
  await fillIn(page, '/settings/user-id', { user_id: 'fumitsuki-taro-2' });
  await expect(page.getByRole('status')).toHaveText('ユーザIDを変更しました。');
  await logOut(page, society);
  await portal.advance(7 * years);
  await page.goto(society.at('/login'));
  await logIn(page, { ...device, user_id: 'fumitsuki-taro-2' });
  await page.waitForURL(society.url);
  await logOut(page, society);
});

test('nanohana: renewed flow with a passkey; the app is not to be had', async ({ page, portal }) => {
  const society = portal.society('nanohana');
  const authenticator = await Authenticator.of(page);
  const account = await throughTheSteps(page, society, {
    factors: ['passkey', 'email'],
    recommended: 'passkey',
    factor: 'passkey',
    userId: 'nanohana.taro@home',
  });
  await arrives(page, '/factors/passkey');
  await expect(heading(page)).toHaveText('生体認証の登録');
  await page.goto(society.at('/factors/app'));
  await arrives(page, '/factors');
  await expect(page.locator('.choice')).toHaveCount(2);
  await expect(page.getByText('アプリ')).toHaveCount(0);
  await page.getByRole('link', { name: /^生体認証/ }).click();
  await page.getByRole('button', { name: '登録', exact: true }).click();
  await page.waitForURL(society.url);
  const [credential] = await authenticator.credentials();
  expect(credential).toMatchObject({ rpId: 'nanohana.localhost', isResidentCredential: true });

  await logOut(page, society);
  await authenticator.remove();
  await afterwards(page, society, account);
  const again = await Authenticator.of(page);
  await again.add(credential);
  await page.goto(society.at('/login'));
  await page.waitForURL(society.url);
  await page.goto(society.at('/settings'));
  await page.getByRole('link', { name: 'ユーザIDを変更する' }).click();
  await arrives(page, '/settings/user-id');
  await logOut(page, society);
});

test('nanohana: a factor that it does not offer is refused, whatever the form sends', async ({ page, portal }) => {
  const society = portal.society('nanohana');
  await enrolUpTo(page, society, at.profile);
  await page.locator('#factor-passkey').evaluate((radio) => (radio.value = 'app'));
  await page.locator('#factor-passkey').check();
  await send(page, at.profile);
  expect(await faults(page)).toEqual(['認証方法を選択してください。']);
});

test('minato: renewed flow with codes by mail, from the first login to the last log-out', async ({ page, context, portal }) => {
  const society = portal.society('minato');
  const account = await throughTheSteps(page, society, {
    factors: ['passkey', 'app', 'email'],
    recommended: 'email',
    factor: 'email',
    userId: 'minato_taro',
  });
  await page.waitForURL(society.url);
  expect(await session(context)).toBeDefined();
  await page.goto(society.at('/expenses/statement?year=2025'));
  await expect(page.locator('.table-wide tbody tr').first()).toBeVisible();
  await logOut(page, society);
  await afterwards(page, society, account);
  await page.goto(society.at('/login'));
  await logIn(page, account);
  await page.waitForURL(society.url);
  await page.goto(society.at('/settings/user-id'));
  await expect(page.getByText('3文字以上255文字以内')).toBeVisible();
  await logOut(page, society);
});

test('the link is opened on another device, and the first one’s page moves on by itself', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  await enrolUpTo(page, society, at.emailSent);
  const { email } = society.account('kari000003');
  const phone = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
  await openLink(phone, await newMail(portal, 'minato', email, 'email_verify'));
  await expect(phone.getByRole('status')).toHaveText('メールアドレスを確認しました。元の画面に戻ってください。自動で次へ進みます。');
  await phone.context().close();
  await arrives(page, at.profile);
});

test('no step is skipped by its address, and a reload or the back button lose nothing', async ({ page, portal }) => {
  const society = portal.society('minato');
  const account = await fromPostcard(page, society);
  const { email } = account;
  const others = [...Object.values(at), '/login/factor', '/factors', '/factors/app', '/factors/passkey', '/factors/email'];
  const stays = async (step) => {
    for (const other of others) {
      await page.goto(society.at(other));
      expect(pathOf(page), other).toBe(other === at.done ? '/login' : step);
    }
    for (const closed of ['/', '/expenses', '/settings']) {
      await page.goto(society.at(closed));
      await expect(page.getByText(account.name)).toHaveCount(0);
    }
    await page.goto(society.at('/login/continue'));
    expect(pathOf(page)).toBe(step);
    await page.reload();
    expect(pathOf(page)).toBe(step);
  };
  await stays(at.birthDate);
  await fillIn(page, at.birthDate, { birth_date: account.birth_date });
  await stays(at.terms);
  await send(page, at.terms);
  await stays(at.email);
  await page.goBack();
  await page.goForward();
  await page.goto(society.at('/login/continue'));
  await fillIn(page, at.email, { email });
  await stays(at.emailSent);
  await page.goBack();
  await page.goto(society.at('/login/continue'));
  expect(pathOf(page)).toBe(at.emailSent);
  await openLink(page, await newMail(portal, 'minato', email, 'email_verify'));
  await stays(at.profile);
  await fillIn(page, at.profile, { user_id: 'stays-here', factor: 'email' });
  await stays(at.password);
  // Back to a page that is over, and its form sent once more: led on, not broken.
  await fillIn(page, at.password, { new_password: OWN_PASSWORD, new_password_again: OWN_PASSWORD });
  await page.waitForURL(society.url);
  await page.goBack();
  await page.goto(society.at(at.password));
  await expect(page).toHaveURL(/\/(login)?$/);
});

test('what was done is kept until tomorrow, on any device', async ({ page, browser, portal }) => {
  const society = portal.society('fumitsuki');
  for (const step of [at.terms, at.email, at.emailSent]) {
    const context = await browser.newContext({ locale: 'ja-JP' });
    const another = await context.newPage();
    await fromPostcard(another, society);
    const { birth_date, email } = society.account('kari000003');
    if (step === at.terms) await fillIn(another, at.birthDate, { birth_date });
    if (step === at.email) await send(another, at.terms);
    if (step === at.emailSent) await fillIn(another, at.email, { email });
    await arrives(another, step);
    await context.close();
    await portal.advance(days);
  }
  await fromPostcard(page, society);
  await arrives(page, at.emailSent);
});

test('two tabs: what one has done, the other does not do again', async ({ page, context, portal }) => {
  const society = portal.society('minato');
  const account = await enrolUpTo(page, society, at.birthDate);
  const second = await context.newPage();
  await second.goto(society.at('/login/continue'));
  await arrives(second, at.birthDate);
  await fillIn(page, at.birthDate, { birth_date: account.birth_date });
  await arrives(page, at.terms);
  await fillIn(second, at.birthDate, { birth_date: '19000101' });
  await arrives(second, at.terms);
  await send(second, at.terms);
  await arrives(second, at.email);
  await send(page, at.terms);
  await arrives(page, at.email);
  await fillIn(page, at.email, { email: account.email });
  await arrives(page, at.emailSent);
  await openLink(second, await newMail(portal, 'minato', account.email, 'email_verify'));
  await arrives(second, at.profile);
  await arrives(page, at.profile);
  await fillIn(page, at.profile, { user_id: 'first-tab', factor: 'email' });
  await arrives(page, at.password);
  await fillIn(second, at.profile, { user_id: 'second-tab', factor: 'email' });
  await arrives(second, at.password);
  const password = { new_password: OWN_PASSWORD, new_password_again: OWN_PASSWORD };
  await fillIn(page, at.password, password);
  await page.waitForURL(society.url);
  await fillIn(second, at.password, password);
  await expect(second).toHaveURL(/\/(login)?$/);
  await page.goto(society.at('/settings'));
  await expect(page.getByText('first-tab')).toBeVisible();
});

test('a link is dead after half an hour, after a newer one, and after its use', async ({ page, portal }) => {
  const society = portal.society('minato');
  const { email } = await enrolUpTo(page, society, at.emailSent);
  const dead = async (mail) => {
    await page.goto(mail.links[0]);
    await expect(heading(page)).toHaveText('リンクが無効です');
  };
  const mail = () => newMail(portal, 'minato', email, 'email_verify');
  const tooOld = await mail();
  await page.goto(tooOld.links[0]);
  await portal.advance(31 * minutes);
  await page.locator('main form[action^="/link/"] button').click();
  await expect(heading(page)).toHaveText('リンクが無効です');
  await dead(tooOld);

  await fromPostcard(page, society);
  await arrives(page, at.emailSent);
  await submit(page, page.getByRole('button', { name: '再送信' }));
  await expect(page.getByRole('status')).toHaveText('確認のメールをもう一度送信しました。前のメールのリンクは使えません。');
  const second = await mail();
  await page.goto(society.at(at.emailSent));
  await submit(page, page.getByRole('button', { name: '再送信' }));
  expect(await faults(page)).toEqual(['メールは送信済みです。届くまで30秒ほどお待ちください。']);
  await portal.advance(31);
  await submit(page, page.getByRole('button', { name: '再送信' }));
  const newest = await mail();
  await dead(second);
  await openLink(page, newest);
  await arrives(page, at.profile);
  await dead(newest);
  await page.goto(society.at('/link/email/nonsense'));
  await expect(heading(page)).toHaveText('リンクが無効です');
});

test('mails can not be asked for without end', async ({ page, portal }) => {
  const society = portal.society('minato');
  const { email } = await enrolUpTo(page, society, at.emailSent);
  for (let sent = 1; sent < 8; sent += 1) {
    await portal.advance(31);
    await submit(page, page.getByRole('button', { name: '再送信' }));
    await expect(page.getByRole('status')).toBeVisible();
    await page.goto(society.at(at.emailSent));
  }
  const before = (await portal.mails('minato', email)).length;
  await submit(page, page.getByRole('button', { name: '再送信' }));
  await faults(page);
  expect((await portal.mails('minato', email)).length).toBeLessThanOrEqual(Math.max(before, 8));
});

test('a wrong birth date is refused, and the fifth locks the account until staff unlock it', async ({ page, portal }) => {
  const society = portal.society('minato');
  const { birth_date } = await enrolUpTo(page, society, at.birthDate);
  const wrong = '生年月日が登録と一致しません。被保険者ご本人の生年月日をご確認ください。5回誤るとロックされます。';
  for (const noDate of ['', '790822', '19790230', '昭和54年']) {
    await fillIn(page, at.birthDate, { birth_date: noDate });
    expect(await faults(page)).toEqual(['生年月日を西暦の8桁の数字で入力してください。例：19790822']);
    await expect(page.getByLabel('生年月日')).toHaveValue(noDate);
  }
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await fillIn(page, at.birthDate, { birth_date: `1900010${attempt}` });
    expect(await faults(page)).toEqual([wrong]);
  }
  await fillIn(page, at.birthDate, { birth_date: '19000105' });
  await arrives(page, '/login/refused');
  await expect(page.getByText('アカウントがロックされています。ロックの解除を、健康保険組合へお申し出ください。')).toBeVisible();
  const account = society.account('kari000003');
  await page.goto(society.at('/login'));
  await typeLogin(page, account);
  expect(await faults(page)).toEqual(['無効なユーザIDまたはパスワードです。']);
  await portal.yui(['account', 'unlock', '--society', 'minato', '--user-id', 'kari000003']);
  await fromPostcard(page, society);
  await arrives(page, at.birthDate);
  await fillIn(page, at.birthDate, { birth_date: birth_date.replace(/[0-9]/g, (digit) => String.fromCharCode(0xff10 + Number(digit))) });
  await arrives(page, at.terms);
});

test('who declines the terms is signed out', async ({ page, context, portal }) => {
  const society = portal.society('minato');
  await enrolUpTo(page, society, at.terms);
  await page.getByRole('button', { name: '同意しない' }).click();
  await page.waitForURL(society.url);
  expect(await session(context)).toBeUndefined();
  await page.goto(society.at(at.email));
  await arrives(page, '/login');
  await fromPostcard(page, society);
  await arrives(page, at.terms);
});

test('addresses: every mistake is named, capitals are folded', async ({ page, portal }) => {
  const society = portal.society('minato');
  await enrolUpTo(page, society, at.email);
  const invalid = '無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。';
  const long = (length) => `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(length - 193)}.example`;
  expect([long(255).length, long(256).length]).toEqual([255, 256]);
  const said = {
    '': ['メールアドレスを入力してください。'],
    'taro?@mail.example': [invalid],
    'taro.@mail.example': [invalid],
    'taro..t@mail.example': [invalid],
    'taro@mail': [invalid],
    'taro taro@mail.example': [invalid],
    'たろう@mail.example': [invalid],
    [long(256)]: [invalid, '設定可能なメールアドレスの最大文字数は255文字です。'],
  };
  for (const [email, words] of Object.entries(said)) {
    await fillIn(page, at.email, { email });
    expect(await faults(page), email).toEqual(words);
    await expect(page.getByLabel('メールアドレス ※必須')).toHaveValue(email);
  }
  // Another account's address looks like any other; its owner is told.
  for (const email of [long(255), 'TestTaro01@MINATO.Example']) {
    await fillIn(page, at.email, { email });
    await arrives(page, at.emailSent);
    await page.getByRole('button', { name: 'メールアドレスを変更する' }).click();
    await arrives(page, at.email);
  }
  const { links } = await newMail(portal, 'minato', 'testtaro01@minato.example', 'email_taken');
  expect(links.filter((link) => link.includes('/link/'))).toEqual([]);
  await fillIn(page, at.email, { email: ' Taro.Test@Mail.Example ' });
  await arrives(page, at.emailSent);
  await expect(page.getByText('taro.test@mail.example へ確認のメールを送信しました。')).toBeVisible();
  await openLink(page, await newMail(portal, 'minato', 'taro.test@mail.example', 'email_verify'));
  await arrives(page, at.profile);
});

test('user IDs: every mistake is named, capitals are folded', async ({ page, portal }) => {
  const society = portal.society('minato');
  await enrolUpTo(page, society, at.profile);
  const bounds = 'ユーザIDは3文字以上255文字以内で入力してください。';
  const forbidden = 'ユーザIDに使えない文字が含まれています。半角の英字・数字と、- _ . @ が使えます。';
  const taken = 'このユーザIDは使われています。別のユーザIDを入力してください。';
  const said = {
    '': 'ユーザIDを入力してください。',
    ab: bounds,
    ['a'.repeat(256)]: bounds,
    'testtaro01': taken,
    'TestTaro01': taken,
    'てすと太郎': forbidden,
    'ｔｅｓｔｔａｒｏ０１': taken,
    'a b c': forbidden,
  };
  for (const character of '<>&"\'$%!#?§,;:*~/\\|^=+[]{}()`') said[`abc${character}def`] = forbidden;
  for (const [user_id, words] of Object.entries(said)) {
    await fillIn(page, at.profile, { user_id });
    expect(await faults(page), user_id).toEqual([words]);
    await expect(page.getByLabel('ユーザID ※必須')).toHaveValue(user_id);
  }
  await fillIn(page, at.profile, { user_id: ' Taro-Test_1.@Home ', factor: 'email' });
  await arrives(page, at.password);
  await fillIn(page, at.password, { new_password: OWN_PASSWORD, new_password_again: OWN_PASSWORD });
  await page.waitForURL(society.url);
  await page.goto(society.at('/settings'));
  await expect(page.getByText('taro-test_1.@home')).toBeVisible();
  await logOut(page, society);
  // Capitals at the login are the same person.
  const account = { ...society.account('kari000003'), user_id: 'TARO-Test_1.@home', password: OWN_PASSWORD };
  await page.goto(society.at('/login'));
  await logIn(page, account);
  await page.waitForURL(society.url);
});

for (const [key, letterAndDigit] of [
  ['fumitsuki', false],
  ['nanohana', true],
  ['minato', false],
]) {
  test(`${key}: passwords, every mistake is named`, async ({ page, portal }) => {
    const society = portal.society(key);
    const { birth_date } = society.account('kari000003');
    await enrolUpTo(page, society, at.password, { user_id: 'Hakumoku-ren-7' });
    const bounds = 'パスワードは8文字以上64文字以内で入力してください。';
    const said = [
      ['', '新しいパスワードを入力してください。'],
      ['Kumo-7x', bounds],
      [`${'Kumo-7x-'.repeat(8)}9`, bounds],
      ['くもの上のパスワード7', 'パスワードには、半角の英字・数字・記号が使えます。'],
      ['Kumo no ue 2031', 'パスワードには、半角の英字・数字・記号が使えます。'],
      ['hakumoku-ren-7', 'パスワードをユーザIDと同じにすることはできません。'],
      ['HAKUMOKU-REN-7', 'パスワードをユーザIDと同じにすることはできません。'],
      ['Kumo-no-ue-2026', '現在のパスワードと同じです。別のパスワードを入力してください。'],
      ['password1', /よく使われているパスワード/],
      ['kenpo2026', /健康保険に関する言葉/],
      [birth_date, letterAndDigit ? /英字と数字/ : /推測されるおそれ/],
    ];
    if (letterAndDigit) {
      const words = 'パスワードには、英字と数字をそれぞれ1文字以上使ってください。';
      said.push(['yuki-to-hashi-no-ue', words], ['4820-5917-3364', words]);
    }
    for (const [password, words] of said) {
      await fillIn(page, at.password, { new_password: password, new_password_again: password });
      expect(await faults(page), password).toEqual([typeof words === 'string' ? words : expect.stringMatching(words)]);
      await expect(page.getByLabel('新しいパスワード ※必須')).toHaveValue('');
    }
    await fillIn(page, at.password, { new_password: OWN_PASSWORD, new_password_again: `${OWN_PASSWORD}x` });
    expect(await faults(page)).toEqual(['確認用のパスワードが一致しません。もう一度入力してください。']);
    const longest = 'Kumo-7x-'.repeat(8);
    await fillIn(page, at.password, { new_password: longest, new_password_again: longest });
    await page.waitForURL(society.url);
    await logOut(page, society);
    const account = { ...society.account('kari000003'), user_id: 'hakumoku-ren-7' };
    await page.goto(society.at('/login'));
    await typeLogin(page, { ...account, password: longest.slice(0, -1) });
    expect(await faults(page)).toEqual(['無効なユーザIDまたはパスワードです。']);
    await logIn(page, { ...account, password: longest });
    await page.waitForURL(society.url);
  });
}

test('the factor may wait for the next login, and no longer', async ({ page, context, portal }) => {
  const society = portal.society('fumitsuki');
  const account = await enrol(page, society, { factor: 'app' });
  await arrives(page, '/factors/app');
  await page.getByRole('button', { name: 'あとで登録する' }).click();
  await page.waitForURL(society.url);
  await logOut(page, society);
  await page.goto(society.at('/login?return_to=%2Fexpenses'));
  await typeLogin(page, account);
  await arrives(page, '/factors/app');
  await expect(page.getByRole('button', { name: 'あとで登録する' })).toHaveCount(0);
  expect(await session(context)).toBeUndefined();
  await page.goto(society.at('/expenses'));
  await arrives(page, '/login');
  await page.goto(society.at('/factors'));
  await page.goto(society.at('/factors?choose=yes'));
  await page.getByRole('link', { name: /^ワンタイムパスワード（OTP）メール認証/ }).click();
  await page.getByRole('button', { name: '確認のコードを送信する' }).click();
  const { text } = await newMail(portal, 'fumitsuki', account.email, 'mail_code');
  await fillIn(page, '/factors/email', { code: /^\d{6}$/m.exec(text)[0] });
  await page.waitForURL(society.at('/expenses'));
});

test('the pair of the postcard is dead after 90 days', async ({ page, portal }) => {
  const society = portal.society('minato');
  await portal.advance(89 * days);
  await fromPostcard(page, society);
  await arrives(page, at.birthDate);
  await portal.advance(days);
  await page.goto(society.at('/login'));
  await typeLogin(page, society.account('kari000003'));
  await expect(page.getByText('仮パスワードの有効期限が切れています。')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('enrolment goes by links and buttons alone', async ({ page, portal }) => {
    const society = portal.society('minato');
    const { portal: _, ...given } = { portal, factor: 'email', user_id: 'no-script' };
    const account = await enrol(page, society, given);
    await page.waitForURL(society.url);
    await page.goto(society.at('/logout'));
    await page.getByRole('main').getByRole('button').click();
    await page.goto(society.at('/login'));
    await logIn(page, account);
    await page.waitForURL(society.url);
  });
});
