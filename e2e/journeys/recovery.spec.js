import { arrives, at, enrolClassic, faults, fillIn, openLink } from '../support/enrol.js';
import { expect, expectNotice, logIn, newMail, proveFactor, submit, test, typeLogin } from '../support/test.js';

const minutes = 60;
const REFUSED = '無効なユーザIDまたはパスワードです。';
const NEXT = 'Ishi-no-mori-61';

const heading = (page) => page.getByRole('heading', { level: 1 });
const FORGOTTEN = '/forgotten/password';
const kinds = async (portal, society, to) => (await portal.mails(society, to)).map((mail) => mail.kind);

/** What the page says in main, its words only. */
const said = async (page) => (await page.locator('main').innerText()).replaceAll(/\s+/g, ' ');

async function logOut(page, society) {
  await page.goto(society.at('/logout'));
  await submit(page, page.locator('form[action="/logout"] button'));
}

async function newPassword(page, password, again = password) {
  await fillIn(page, at.password, { new_password: password, new_password_again: again });
}

for (const key of ['fumitsuki', 'nanohana', 'minato']) {
  test(`${key}: a forgotten password is set by a link, and the factor is asked for as ever`, async ({ page, browser, portal }) => {
    const society = portal.society(key);
    const account = society.account('testtaro01');
    const { email } = account;
    const elsewhere = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
    await elsewhere.goto(society.at('/login?return_to=%2Fexpenses'));
    await logIn(elsewhere, account);
    await elsewhere.waitForURL(society.at('/expenses'));

    await page.goto(society.at('/login'));
    await page.getByRole('link', { name: 'パスワードを忘れた方はこちら' }).click();
    await arrives(page, FORGOTTEN);
    await fillIn(page, FORGOTTEN, { user_id: '' });
    expect(await faults(page)).toEqual(['ユーザIDを入力してください。']);
    const answers = new Set();
    for (const user_id of ['nobody00000', 'kari000003', ' TESTtaro01 ']) {
      await page.goto(society.at(FORGOTTEN));
      await fillIn(page, FORGOTTEN, { user_id });
      answers.add(await said(page));
    }
    expect([...answers]).toEqual([expect.stringContaining('詳細な手順を記載したメールをすぐに受信してください。')]);
    const mail = await newMail(portal, key, email, 'password_reset');
    expect(mail.from).toContain('no-reply@');
    expect(mail.html).toContain(mail.links[0]);
    expect(await kinds(portal, key, society.account('kari000003').email)).toEqual([]);

    // A scanner of mails opens links, too; the link stays.
    expect((await portal.get(society.host, new URL(mail.links[0]).pathname)).status).toBe(200);
    await openLink(page, mail);
    await arrives(page, at.password);
    for (const closed of ['/', '/expenses', '/settings', '/factors', '/login/factor']) {
      await page.goto(society.at(closed));
      await expect(page.getByText(account.name)).toHaveCount(0);
    }
    await page.goto(society.at(at.password));
    await expect(page.getByLabel('全てのデバイスからサインアウトする')).toBeChecked();
    for (const [password, again, words] of [
      ['', '', '新しいパスワードを入力してください。'],
      ['testtaro01', 'testtaro01', 'パスワードをユーザIDと同じにすることはできません。'],
      [account.password, account.password, '現在のパスワードと同じです。別のパスワードを入力してください。'],
      [NEXT, `${NEXT}2`, '確認用のパスワードが一致しません。もう一度入力してください。'],
    ]) {
      await newPassword(page, password, again);
      expect(await faults(page)).toEqual([words]);
      await page.getByLabel('全てのデバイスからサインアウトする').check();
    }
    await newPassword(page, NEXT);
    await arrives(page, '/login/factor');
    await proveFactor(page, account);
    await page.waitForURL(society.url);
    for (const words of ['パスワードが変更されました', '新しい端末からログインがありました']) await expectNotice(portal, key, email, words);

    await elsewhere.goto(society.at('/expenses'));
    await arrives(elsewhere, '/login');
    await typeLogin(elsewhere, account);
    expect(await faults(elsewhere)).toEqual([REFUSED]);
    await elsewhere.context().close();
    await logOut(page, society);
    await page.goto(mail.links[0]);
    await expect(heading(page)).toHaveText('リンクが無効です');
    await page.goto(society.at('/login'));
    await logIn(page, { ...account, password: NEXT });
    await page.waitForURL(society.url);
  });
}

test('the link of a forgotten password lives five minutes, and the newest one only', async ({ page, portal }) => {
  const society = portal.society('minato');
  const { email } = society.account('testtaro01');
  const ask = async () => {
    await page.goto(society.at(FORGOTTEN));
    await fillIn(page, FORGOTTEN, { user_id: 'testtaro01' });
    return newMail(portal, 'minato', email, 'password_reset');
  };
  const old = await ask();
  await page.goto(old.links[0]);
  await portal.advance(5 * minutes + 1);
  await submit(page, page.locator('main form button'));
  await expect(heading(page)).toHaveText('リンクが無効です');
  const [second, third] = [await ask(), await ask()];
  await page.goto(second.links[0]);
  await expect(heading(page)).toHaveText('リンクが無効です');
  await openLink(page, third);
  await arrives(page, at.password);
});

test('a flood of questions fills nobody’s mailbox, and is answered with the same words', async ({ page, portal }) => {
  const society = portal.society('minato');
  const { email } = society.account('testtaro01');
  const answers = new Set();
  for (let question = 1; question <= 8; question += 1) {
    await page.goto(society.at(FORGOTTEN));
    await fillIn(page, FORGOTTEN, { user_id: 'testtaro01' });
    answers.add(await said(page));
  }
  expect(answers.size).toBe(1);
  await expect.poll(async () => (await kinds(portal, 'minato', email)).length).toBe(5);
});

test('a locked account is not opened by a link', async ({ page, portal }) => {
  const society = portal.society('minato');
  const { email } = society.account('rokku00004');
  await page.goto(society.at(FORGOTTEN));
  await fillIn(page, FORGOTTEN, { user_id: 'rokku00004' });
  await expect(page.getByRole('status')).toContainText('詳細な手順を記載したメール');
  await openLink(page, await newMail(portal, 'minato', email, 'password_reset'));
  await arrives(page, '/login/refused');
  await expect(page.getByText('アカウントがロックされています。ロックの解除を、健康保険組合へお申し出ください。')).toBeVisible();
});

for (const key of ['soyokaze', 'midori']) {
  test(`${key}: a forgotten password is replaced by a temporary one, which lives an hour and must be changed`, async ({ page, portal }) => {
    const society = portal.society(key);
    const account = await enrolClassic(page, society);
    const { email, birth_date, user_id } = account;
    await logOut(page, society);
    await page.goto(society.at('/login'));
    await page.getByRole('link', { name: 'パスワードを忘れた方はこちら' }).click();
    await fillIn(page, FORGOTTEN, { user_id: '', birth_date: '', email: '' });
    expect(await faults(page)).toEqual([
      'ユーザIDを入力してください。',
      '生年月日を西暦の8桁の数字で入力してください。例：19790822',
      'メールアドレスを入力してください。',
    ]);
    const answers = new Set();
    const ask = async (more = {}) => {
      await page.goto(society.at(FORGOTTEN));
      await fillIn(page, FORGOTTEN, { user_id, birth_date, email, ...more });
      answers.add(await said(page));
    };
    await ask({ birth_date: '19000101' });
    await ask({ email: 'other@mail.example' });
    await ask({ user_id: 'nobody00000' });
    await ask({ email: email.toUpperCase() });
    expect([...answers]).toEqual([expect.stringContaining('詳細な手順を記載したメールをすぐに受信してください。')]);
    const temporary = async () => {
      const { text } = await newMail(portal, key, email, 'temporary_password');
      return /^[A-Za-z0-9-]{8,20}$/m.exec(text)[0];
    };
    const first = await temporary();
    expect((await kinds(portal, key, email)).filter((kind) => kind === 'temporary_password')).toHaveLength(1);

    await portal.advance(61 * minutes);
    await page.goto(society.at('/login'));
    await typeLogin(page, { user_id, password: first });
    expect(await faults(page)).toEqual([REFUSED]);

    await ask();
    const second = await temporary();
    await page.goto(society.at('/login'));
    await typeLogin(page, { user_id, password: first });
    expect(await faults(page)).toEqual([REFUSED]);
    await typeLogin(page, { user_id, password: second });
    await arrives(page, at.password);
    await page.goto(society.at('/expenses'));
    await arrives(page, '/login');
    await page.goto(society.at(at.password));
    await newPassword(page, second);
    expect(await faults(page)).toEqual(['現在のパスワードと同じです。別のパスワードを入力してください。']);
    await newPassword(page, NEXT);
    await page.waitForURL(society.url);
    await logOut(page, society);
    await page.goto(society.at('/login'));
    await typeLogin(page, { user_id, password: second });
    expect(await faults(page)).toEqual([REFUSED]);
    await logIn(page, { user_id, password: NEXT });
    await page.waitForURL(society.url);
  });
}

for (const key of ['fumitsuki', 'midori', 'minato']) {
  test(`${key}: a forgotten user ID comes by mail to who knows birth date and address`, async ({ page, portal }) => {
    const society = portal.society(key);
    const { email, birth_date } = society.account('testtaro01');
    await page.goto(society.at('/login'));
    await page.getByRole('link', { name: 'ユーザIDを忘れた方はこちら' }).click();
    const path = '/forgotten/user-id';
    await arrives(page, path);
    await fillIn(page, path, { birth_date: '1979', email: 'taro.@mail.example' });
    expect(await faults(page)).toEqual([
      '生年月日を西暦の8桁の数字で入力してください。例：19790822',
      '無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。',
    ]);
    const answers = new Set();
    for (const typed of [
      { birth_date: '19000101', email },
      { birth_date, email: 'nobody@mail.example' },
      { birth_date, email: ` ${email.toUpperCase()}` },
    ]) {
      await page.goto(society.at(path));
      await fillIn(page, path, typed);
      answers.add(await said(page));
    }
    expect([...answers]).toEqual([expect.stringContaining('入力された内容が登録と一致した場合は')]);
    const { text } = await newMail(portal, key, email, 'user_id');
    expect(text).toContain('testtaro01');
    expect(await kinds(portal, key, email)).toEqual(['user_id']);
    expect(await kinds(portal, key, 'nobody@mail.example')).toEqual([]);
  });
}

for (const [key, words] of [
  ['soyokaze', '「加入者ポータルへようこそ」というメールに書かれています。'],
  ['nanohana', '健康保険組合へメールでお問い合わせください。'],
]) {
  test(`${key}: who forgot the user ID is told where it is`, async ({ page, portal }) => {
    const society = portal.society(key);
    await page.goto(society.at('/login'));
    await page.getByRole('link', { name: 'ユーザIDを忘れた方はこちら' }).click();
    await expect(page.getByText(words)).toBeVisible();
    await expect(page.locator('main form')).toHaveCount(0);
    // … and a form made by hand brings no mail.
    const { birth_date, email } = society.account('testtaro01');
    await portal.post(society.host, '/forgotten/user-id', { birth_date, email });
    expect(await kinds(portal, key, email)).toEqual([]);
  });
}

test('a link of one society is worth nothing at another', async ({ page, portal }) => {
  const society = portal.society('minato');
  await page.goto(society.at(FORGOTTEN));
  await fillIn(page, FORGOTTEN, { user_id: 'testtaro01' });
  const mail = await newMail(portal, 'minato', society.account('testtaro01').email, 'password_reset');
  await page.goto(portal.society('fumitsuki').at(new URL(mail.links[0]).pathname));
  await expect(heading(page)).toHaveText('リンクが無効です');
});
