import { asMember, expect, logIn, test } from '../support/test.js';

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
  const society = portal.society('kline');
  await page.goto(society.at(statement));
  await expectLoginPage(page, society);
  await logIn(page, society.account('testtaro01'));
  await page.waitForURL(society.at(statement));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('2025年1月の医療費明細');
});

test('the way in from the first page, and out by a page that asks first', async ({ page, context, portal }) => {
  const society = portal.society('bungu');
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
  const society = portal.society('metro');
  const { password } = society.account('testtaro01');
  for (const wrong of [
    { user_id: 'testtaro01', password: 'not-the-password-1' },
    { user_id: 'nobody00000', password },
    { user_id: 'rokku00004', password },
  ]) {
    await page.goto(society.at('/login'));
    await logIn(page, wrong);
    await expect(summary(page)).toBeFocused();
    await expect(summary(page).getByRole('listitem')).toHaveText([REFUSED]);
    await expect(page).toHaveTitle(/^エラー: ログイン/);
    await expect(page.getByLabel('ユーザID')).toHaveValue(wrong.user_id);
    await expect(page.getByLabel('パスワード ※必須')).toHaveValue('');
  }
});

test('empty fields are named in a summary that leads to them', async ({ page, portal }) => {
  await page.goto(portal.society('kline').at('/login'));
  await page.getByRole('button', { name: 'ログインする' }).click();
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

test('a temporary account is told that its enrolment is due, and gets no session', async ({ page, context, portal }) => {
  const society = portal.society('musen');
  await page.goto(society.at('/login'));
  await logIn(page, society.account('kari000003'));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('初回登録');
  expect(await session(context)).toBeUndefined();
});

test('eleven wrong passwords lock the account until staff unlock it', async ({ page, portal }) => {
  const society = portal.society('joil');
  const account = society.account('mihon00002');
  await page.goto(society.at('/login'));
  for (let attempt = 1; attempt <= 11; attempt += 1) {
    await logIn(page, { ...account, password: `wrong-${attempt}` });
    await expect(summary(page).getByRole('listitem')).toHaveText([REFUSED]);
    await expect(page.getByLabel('パスワード ※必須')).toHaveValue('');
  }
  await logIn(page, account);
  await expect(summary(page).getByRole('listitem')).toHaveText([REFUSED]);
  await portal.yui(['account', 'unlock', '--society', 'joil', '--user-id', account.user_id]);
  await logIn(page, account);
  await page.waitForURL(society.url);
});

test('without "remember" the session ends after 30 idle minutes', async ({ page, context, portal }) => {
  const society = portal.society('kline');
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
  const society = portal.society('kline');
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
  const society = portal.society('kline');
  await page.goto(society.at('/login'));
  await page.getByLabel('ログイン状態の保存').check();
  await logIn(page, society.account('testtaro01'));
  await page.waitForURL(society.url);
  const { expires } = await session(context);
  expect(Math.abs(expires - Date.now() / 1000 - 30 * days)).toBeLessThan(5 * minutes);
  await portal.advance(29 * days);
  await page.goto(society.at('/expenses'));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('医療費情報');
  await portal.advance(2 * days);
  await page.goto(society.at('/expenses'));
  await expectLoginPage(page, society);
});

test('a session of one society is worth nothing at another', async ({ page, context, portal }) => {
  const [kline, metro] = [portal.society('kline'), portal.society('metro')];
  await asMember(page, kline, '/expenses');
  await page.goto(metro.at('/expenses'));
  await expectLoginPage(page, metro);
  const { value } = await session(context);
  await context.addCookies([{ name: 'yui_session', value, url: metro.url }]);
  for (const path of ['/expenses', statement, '/deduction', '/deduction/2025']) {
    await page.goto(metro.at(path));
    await expectLoginPage(page, metro);
  }
  await page.goto(metro.at('/'));
  await expect(page.getByText('テスト タロウ')).toHaveCount(0);
});

test('nobody is led to a stranger’s site after the login', async ({ page, portal }) => {
  const society = portal.society('kline');
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
  const society = portal.society('kline');
  const { user_id, password } = society.account('testtaro01');
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: portal.at('metro.localhost', '').replace(/\/$/, '') },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    const answer = await portal.post(society.host, '/login', { user_id, password }, headers);
    expect(answer.status, JSON.stringify(headers)).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
});

test('the password can be looked at while it is typed', async ({ page, portal }) => {
  await page.goto(portal.society('kline').at('/login'));
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
  await expect(page.getByLabel('ユーザID')).toHaveAttribute('autocomplete', 'username');
});

test('everything goes by keyboard', async ({ page, portal }) => {
  const society = portal.society('kline');
  const { user_id, password } = society.account('testtaro01');
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
    const society = portal.society('metro');
    const account = society.account('testtaro01');
    await page.goto(society.at(statement));
    await logIn(page, { ...account, password: '' });
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
