import { asMember, expect, expectComplaint, expectNotice, logIn, test, typeLogin } from '../support/test.js';

const REFUSED = '無効なユーザIDまたはパスワードです。';
const statement = '/expenses/statement?month=2025-01';
const minutes = 60;
const days = 24 * 60 * 60;

const session = async (context) => (await context.cookies()).find((cookie) => cookie.name === 'yui_session');
const summary = (page) => page.locator('.error-summary');

async function expectLoginPage(page, society) {
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('ログイン');
  expect(new URL(page.url()).host).toBe(new URL(society.url).host);
}

test('who asks for a page first logs in and is then there', async ({ page, portal }) => {
  const society = portal.society('minato');
  await page.goto(society.at(statement));
  await expectLoginPage(page, society);
  await logIn(page, society.account('testtaro01'));
  await page.waitForURL(society.at(statement));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('2025年1月の医療費明細');
});

test('the way in from the first page, and out by a page that asks first', async ({ page, context, portal }) => {
  const society = portal.society('fumitsuki');
  await page.goto(society.url);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(society.name);
  await page.getByRole('main').getByRole('link', { name: 'ログインする' }).click();
  await logIn(page, society.account('testtaro01'));
  await page.waitForURL(society.url);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('こんにちは、テスト タロウ さん');

  await page.getByRole('link', { name: 'テスト タロウ さん ログアウト' }).click();
  await expect(page.getByText('ログアウトしてもよろしいですか？')).toBeVisible();
  await page.getByRole('link', { name: 'ポータルに戻る' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('こんにちは、テスト タロウ さん');

  const { value } = await session(context);
  await page.goto(society.at('/logout'));
  await page.getByRole('button', { name: 'ログアウトする' }).click();
  await page.waitForURL(society.url);
  await expect(page.getByRole('main').getByRole('link', { name: 'ログインする' })).toBeVisible();
  expect(await session(context)).toBeUndefined();

  await page.goto(society.at('/expenses'));
  await expectLoginPage(page, society);
  // The cookie, kept by somebody, opens nothing any more.
  await context.addCookies([{ name: 'yui_session', value, url: society.url }]);
  await page.goto(society.at('/expenses'));
  await expectLoginPage(page, society);
});

test('a wrong password, an unknown user ID and a locked account are answered with the same words', async ({ page, portal }) => {
  const society = portal.society('midori');
  const { password } = society.account('testtaro01');
  for (const wrong of [
    { user_id: 'testtaro01', password: 'not-the-password-1' },
    { user_id: 'nobody00000', password },
    { user_id: 'rokku00004', password },
  ]) {
    await page.goto(society.at('/login'));
    await typeLogin(page, wrong);
    await expect(summary(page)).toBeFocused();
    await expect(summary(page).getByRole('listitem')).toHaveText([REFUSED]);
    await expect(page).toHaveTitle(/^エラー: ログイン/);
    await expect(page.getByLabel('ユーザID')).toHaveValue(wrong.user_id);
    await expect(page.getByLabel('パスワード ※必須')).toHaveValue('');
  }
});

test('empty fields are named in a summary that leads to them', async ({ page, portal }) => {
  await page.goto(portal.society('minato').at('/login'));
  await page.getByRole('button', { name: 'ログインする', exact: true }).click();
  await expect(page).toHaveTitle(/^エラー: ログイン/);
  await expect(summary(page)).toBeFocused();
  const said = { user_id: 'ユーザIDを入力してください。', password: 'パスワードを入力してください。' };
  await expect(summary(page).getByRole('link')).toHaveText(Object.values(said));
  for (const [field, words] of Object.entries(said)) {
    await expect(page.locator(`#${field}-error`)).toHaveText(`エラー: ${words}`);
    await expect(page.locator(`#${field}`)).toHaveAttribute('aria-describedby', `${field}-error`);
    await summary(page).getByRole('link', { name: words }).click();
    await expect(page.locator(`#${field}`)).toBeFocused();
  }
});

test('a temporary account begins its enrolment, and gets no session', async ({ page, context, portal }) => {
  for (const [key, heading] of [
    ['soyokaze', '本人確認'],
    ['minato', '生年月日の入力'],
  ]) {
    const society = portal.society(key);
    await page.goto(society.at('/login?return_to=%2Fexpenses'));
    await typeLogin(page, society.account('kari000003'));
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
    expect(await session(context)).toBeUndefined();
    await page.goto(society.at('/expenses'));
    await expectLoginPage(page, society);
  }
});

for (const key of ['fumitsuki', 'soyokaze', 'midori', 'nanohana', 'minato']) {
  test(`${key}: eleven wrong passwords lock the account until staff unlock it`, async ({ page, portal }) => {
    const society = portal.society(key);
    const account = society.account('mihon00002');
    await page.goto(society.at('/login'));
    for (let attempt = 1; attempt <= 10; attempt += 1) await typeLogin(page, { ...account, password: `wrong-${attempt}` });
    expect((await portal.mails(key, account.email)).map((mail) => mail.subject)).toEqual([]);
    await typeLogin(page, { ...account, password: 'wrong-11' });
    await expectNotice(portal, key, account.email, 'ロック');
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await typeLogin(page, account);
      await expect(summary(page).getByRole('listitem')).toHaveText([REFUSED]);
      await expect(page.getByLabel('パスワード ※必須')).toHaveValue('');
      await portal.advance(30 * days);
    }
    await portal.yui(['account', 'unlock', '--society', key, '--user-id', account.user_id]);
    await logIn(page, account);
    await page.waitForURL(society.url);
  });
}

test('ten wrong passwords and the right one begin the count anew', async ({ page, portal }) => {
  const society = portal.society('minato');
  const account = society.account('mihon00002');
  for (let round = 1; round <= 2; round += 1) {
    await page.goto(society.at('/login'));
    for (let attempt = 1; attempt <= 10; attempt += 1) await typeLogin(page, { ...account, password: `wrong-${attempt}` });
    await portal.advance(5 * minutes);
    await logIn(page, account);
    await page.waitForURL(society.url);
    await page.context().clearCookies();
  }
});

test('tries that follow each other too fast are slowed, whether or not the account exists', async ({ page, portal, complaints }) => {
  const society = portal.society('minato');
  const answers = [];
  for (const user_id of ['mihon00002', 'nobody00000']) {
    await page.goto(society.at('/login'));
    // Tries come back while a slow machine types: at least so many are looked at, and some time they are over.
    let attempt = 0;
    let said = REFUSED;
    while (said === REFUSED && attempt < 40) {
      attempt += 1;
      await typeLogin(page, { user_id, password: `wrong-${attempt}` });
      said = await summary(page).getByRole('listitem').innerText();
    }
    expect(attempt).toBeGreaterThan(15);
    answers.push(said.replace(/\d+/, 'N'));
  }
  expect(new Set(answers)).toEqual(new Set(['入力の誤りが続いたため、しばらくお待ちいただいています。N秒たってから、もう一度お試しください。']));
  expectComplaint(complaints, /429 \(Too Many Requests\)/);
});

test('strangers can not lock the owner out of a browser that is known', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const account = society.account('testtaro01');
  await asMember(page, society);
  await page.goto(society.at('/logout'));
  await page.getByRole('button', { name: 'ログアウトする' }).click();
  await page.waitForURL(society.url);
  const context = await browser.newContext({ locale: 'ja-JP' });
  const stranger = await context.newPage();
  await stranger.goto(society.at('/login'));
  for (let attempt = 1; attempt <= 11; attempt += 1) await typeLogin(stranger, { ...account, password: `wrong-${attempt}` });
  await typeLogin(stranger, account);
  await expect(summary(stranger).getByRole('listitem')).toHaveText([REFUSED]);
  await context.close();
  await page.goto(society.at('/login'));
  await logIn(page, account);
  await page.waitForURL(society.url);
});

test('without "remember" the session ends after 30 idle minutes', async ({ page, context, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/expenses');
  expect(await session(context)).toMatchObject({ expires: -1, httpOnly: true, sameSite: 'Lax' });
  await portal.advance(29 * minutes);
  await page.goto(society.at('/expenses'));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('医療費情報');
  await portal.advance(29 * minutes);
  await page.goto(society.at('/expenses'));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('医療費情報');
  await portal.advance(31 * minutes);
  await page.goto(society.at('/expenses'));
  await expectLoginPage(page, society);
  await logIn(page, society.account('testtaro01'));
  await page.waitForURL(society.at('/expenses'));
});

test('and after ten hours however busy', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/expenses');
  for (let passed = 25; passed < 600; passed += 25) {
    await portal.advance(25 * minutes);
    await page.goto(society.at('/expenses'));
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('医療費情報');
  }
  await portal.advance(26 * minutes);
  await page.goto(society.at('/expenses'));
  await expectLoginPage(page, society);
});

test('with "remember" it stays for 30 days', async ({ page, context, portal }) => {
  const society = portal.society('minato');
  await page.goto(society.at('/login'));
  await page.getByLabel('ログイン状態の保存').check();
  await logIn(page, society.account('testtaro01'));
  await page.waitForURL(society.url);
  const { expires } = await session(context);
  expect(Math.abs(expires - Date.now() / 1000 - 30 * days)).toBeLessThan(5 * minutes);
  await portal.advance(29 * days);
  await page.goto(society.url);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('こんにちは、テスト タロウ さん');
  await portal.advance(2 * days);
  await page.goto(society.at('/expenses'));
  await expectLoginPage(page, society);
});

test('a session of one society is worth nothing at another', async ({ page, context, portal }) => {
  const [minato, midori] = [portal.society('minato'), portal.society('midori')];
  await asMember(page, minato, '/expenses');
  await page.goto(midori.at('/expenses'));
  await expectLoginPage(page, midori);
  const { value } = await session(context);
  await context.addCookies([{ name: 'yui_session', value, url: midori.url }]);
  for (const path of ['/expenses', statement, '/deduction', '/deduction/2025']) {
    await page.goto(midori.at(path));
    await expectLoginPage(page, midori);
  }
  await page.goto(midori.at('/'));
  await expect(page.getByText('テスト タロウ')).toHaveCount(0);
});

test('nobody is led to a stranger’s site after the login', async ({ page, portal }) => {
  const society = portal.society('minato');
  for (const elsewhere of ['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
    await page.context().clearCookies();
    await page.goto(society.at(`/login?return_to=${encodeURIComponent(elsewhere)}`));
    await logIn(page, society.account('testtaro01'));
    await page.waitForURL(society.url);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('こんにちは、テスト タロウ さん');
  }
  await page.goto(society.at(`/language?to=en&back=${encodeURIComponent('//evil.example')}`));
  await page.waitForURL(society.url);
});

test('a form sent from another site is refused', async ({ portal }) => {
  const society = portal.society('minato');
  const { user_id, password } = society.account('testtaro01');
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: portal.at('midori.localhost', '').replace(/\/$/, '') },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    const answer = await portal.post(society.host, '/login', { user_id, password }, headers);
    expect(answer.status, JSON.stringify(headers)).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
});

test('the password can be looked at while it is typed', async ({ page, portal }) => {
  await page.goto(portal.society('minato').at('/login'));
  const password = page.getByLabel('パスワード ※必須');
  const button = page.getByRole('button', { name: 'パスワードを表示する' });
  await password.fill('Kumo-no-ue');
  await expect(password).toHaveAttribute('type', 'password');
  await expect(button).toHaveText('表示');
  await button.click();
  await expect(password).toHaveAttribute('type', 'text');
  await expect(button).toHaveText('隠す');
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await button.click();
  await expect(password).toHaveAttribute('type', 'password');
  await expect(password).toHaveAttribute('autocomplete', 'current-password');
  await expect(page.getByLabel('ユーザID')).toHaveAttribute('autocomplete', 'username webauthn');
});

test('everything goes by keyboard', async ({ page, portal }) => {
  const society = portal.society('minato');
  const { user_id, password, totp_key } = society.account('testtaro01');
  const focused = page.locator(':focus');
  await page.goto(society.at('/login'));
  await page.keyboard.press('Tab');
  await expect(focused).toHaveText('本文へ移動する');
  await expect(focused).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(focused).toHaveAttribute('id', 'user_id');
  expect(await focused.evaluate((field) => getComputedStyle(field).outlineWidth)).toBe('4px');
  await page.keyboard.type(user_id);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.waitForURL(society.at('/login/factor'));
  await page.locator('#code').focus();
  await page.keyboard.type(await portal.appCode(totp_key));
  await page.keyboard.press('Enter');
  await page.waitForURL(society.url);

  const tabTo = async (name) => {
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab');
      if ((await focused.count()) && name.test(await focused.innerText())) return;
    }
    throw new Error(`Tab does not reach ${name}`);
  };
  await tabTo(/^医療費情報を見る/);
  await page.keyboard.press('Enter');
  await page.waitForURL(society.at('/expenses'));
  await tabTo(/^2025年/);
  await page.keyboard.press('Enter');
  await tabTo(/^1月/);
  await page.keyboard.press('Enter');
  await page.waitForURL(society.at(statement));
  await tabTo(/^医療費明細の見方/);
  await page.keyboard.press('Enter');
  await expect(page.getByText('診療や入院をした年月です。')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('everything works', async ({ page, portal }) => {
    const society = portal.society('midori');
    const account = society.account('testtaro01');
    await page.goto(society.at(statement));
    await typeLogin(page, { ...account, password: '' });
    await expect(page.getByText('パスワードを入力してください。').first()).toBeVisible();
    await logIn(page, account);
    await page.waitForURL(society.at(statement));
    await expect(page.locator('.table-wide tfoot')).toContainText('27,120');
    await page.getByText('医療費明細の見方').click();
    await expect(page.getByText('診療や入院をした年月です。')).toBeVisible();

    await page.getByRole('combobox', { name: '受診者' }).selectOption({ label: 'テスト ハナコ' });
    await page.getByRole('button', { name: '表示' }).click();
    await expect(page.locator('.table-wide tbody tr')).toHaveCount(1);

    await page.getByRole('navigation').locator('a[href="/deduction"]').click();
    await page.getByRole('combobox', { name: '発行対象年' }).selectOption('2025');
    await page.getByRole('button', { name: '表示' }).click();
    await page.waitForURL(society.at('/deduction/2025'));
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'XMLデータダウンロード' }).click()]);
    expect(file.suggestedFilename()).toBe('medical-expenses-2025.xml');

    await page.getByRole('link', { name: 'English' }).click();
    await page.waitForURL(society.at('/deduction/2025'));
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    await page.goto(society.at('/logout'));
    await page.getByRole('main').getByRole('button').click();
    await page.waitForURL(society.url);
    await page.goto(society.at('/expenses'));
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    expect(new URL(page.url()).pathname).toBe('/login');
  });
});
