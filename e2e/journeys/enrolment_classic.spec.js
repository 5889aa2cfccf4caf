import { arrives, at, enrolClassic, faults, fillIn, fromPostcard, OWN_PASSWORD, send } from '../support/enrol.js';
import { expect, expectComplaint, expectNotice, logIn, newMail, submit, test, typeLogin } from '../support/test.js';

const days = 24 * 60 * 60;
const years = 365.25 * days;

const heading = (page) => page.getByRole('heading', { level: 1 });
const pathOf = (page) => new URL(page.url()).pathname;

/** The identity check as the society's register answers it. */
function identity(society, more = {}) {
  const { insurer_number, birth_date } = society.account('kari000003');
  return { insurer_number, birth_date, ...(society.key === 'soyokaze' ? { relationship: 'insured' } : {}), agreed: 'yes', ...more };
}

/** What is typed in 個人情報入力. */
const details = (more = {}) => ({ user_id: 'jibunnoid1', new_password: OWN_PASSWORD, new_password_again: OWN_PASSWORD, ...more });

async function logOut(page, society) {
  await page.goto(society.at('/logout'));
  await page.getByRole('button', { name: 'ログアウトする' }).click();
  await page.waitForURL(society.url);
}

for (const { key, asksKind, emailRequired } of [
  { key: 'soyokaze', asksKind: true, emailRequired: false },
  { key: 'midori', asksKind: false, emailRequired: true },
]) {
  test(`${key}: classic flow, from the first login to the last log-out`, async ({ page, portal }) => {
    const society = portal.society(key);
    const account = await fromPostcard(page, society);
    await arrives(page, at.identity);
    await expect(heading(page)).toHaveText('本人確認');
    await expect(page.getByText('初回登録　1/3')).toBeVisible();
    await expect(page.getByRole('group', { name: '被保険者種・被扶養者種' })).toHaveCount(asksKind ? 1 : 0);
    const terms = page.getByRole('region', { name: '利用規約の本文' });
    expect(await terms.evaluate((box) => box.scrollHeight > box.clientHeight)).toBe(true);
    await page.getByLabel('保険者番号').fill(account.insurer_number);
    await page.getByLabel('生年月日').fill(account.birth_date);
    if (asksKind) await page.getByLabel('被保険者（本人）').check();
    await page.getByLabel('同意する', { exact: true }).check();
    await submit(page, page.getByRole('button', { name: '確認', exact: true }));

    await arrives(page, at.details);
    await expect(heading(page)).toHaveText('個人情報入力');
    await expect(page.getByText('8文字以上13文字以内')).toBeVisible();
    await expect(page.getByText('一度登録すると変更できません。')).toBeVisible();
    await expect(page.getByText(key === 'soyokaze' ? '8文字以上20文字以内' : '8文字以上64文字以内')).toBeVisible();
    await expect(page.getByLabel(`メールアドレス ${emailRequired ? '※必須' : '※任意'}`)).toHaveValue(account.email);
    await page.getByLabel('ユーザID ※必須').fill('Jibunno-ID');
    await page.getByLabel('パスワード ※必須', { exact: true }).fill(OWN_PASSWORD);
    await page.getByLabel('パスワード確認用 ※必須').fill(OWN_PASSWORD);
    await page.getByRole('group', { name: '医療費通知が更新されたときのメール' }).getByLabel('不要').check();
    await submit(page, page.getByRole('button', { name: '入力内容確認' }));

    await arrives(page, at.check);
    await expect(heading(page)).toHaveText('入力内容確認');
    const shown = page.locator('main');
    for (const words of ['jibunno-id', '●●●●●●●●', account.email, '不要']) await expect(shown).toContainText(words);
    await expect(shown).not.toContainText(OWN_PASSWORD);
    await submit(page, page.getByRole('button', { name: '戻る' }));
    await arrives(page, at.details);
    await expect(page.getByLabel('ユーザID ※必須')).toHaveValue('jibunno-id');
    await expect(page.getByLabel('パスワード ※必須', { exact: true })).toHaveValue('');
    await fillIn(page, at.details, details({ user_id: 'jibunno-id', expenses: 'yes' }));
    await arrives(page, at.check);
    await expect(shown).toContainText('必要');
    await submit(page, page.getByRole('button', { name: '実行' }));

    await arrives(page, at.done);
    await expect(heading(page)).toHaveText('登録完了');
    await expect(page.getByText('jibunno-id')).toBeVisible();
    await page.getByRole('link', { name: 'メニューへ' }).click();
    await page.waitForURL(society.url);
    await expect(heading(page)).toContainText(`${account.name} さん`);
    const welcome = await newMail(portal, key, account.email, 'welcome');
    expect(welcome.text).toContain('jibunno-id');

    await logOut(page, society);
    await page.goto(society.at('/login'));
    await typeLogin(page, account);
    expect(await faults(page)).toEqual(['無効なユーザIDまたはパスワードです。']);
    // Password alone, and no factor to register.
    await logIn(page, { ...account, user_id: 'JIBUNNO-ID', password: OWN_PASSWORD });
    await page.waitForURL(society.url);
    await page.goto(society.at('/settings/login'));
    await expect(page.getByRole('heading', { name: '基本認証' })).toBeVisible();
    await expect(page.getByRole('heading', { name: '二要素認証' }), 'the society has none').toHaveCount(0);
    await expect(page.locator('a[href^="/factors"]')).toHaveCount(0);
    await page.goto(society.at('/expenses/statement?year=2025'));
    await expect(page.locator('.table-wide tbody tr').first()).toBeVisible();
    await logOut(page, society);
  });

  test(`${key}: the user ID stays for ever, and every mistake in it is named`, async ({ page, portal, complaints }) => {
    const society = portal.society(key);
    await fromPostcard(page, society);
    await fillIn(page, at.identity, identity(society));
    const bounds = 'ユーザIDは8文字以上13文字以内で入力してください。';
    for (const [user_id, words] of [
      ['', 'ユーザIDを入力してください。'],
      ['abcdefg', bounds],
      ['abcdefghijklmn', bounds],
      ['abcd?efgh', 'ユーザIDに使えない文字が含まれています。半角の英字・数字と、- _ . @ が使えます。'],
      ['kari000003', '仮ユーザIDとは別のユーザIDを入力してください。'],
      ['TESTtaro01', 'このユーザIDは使われています。別のユーザIDを入力してください。'],
    ]) {
      await fillIn(page, at.details, details({ user_id }));
      expect(await faults(page), user_id).toEqual([words]);
      await expect(page.getByLabel('ユーザID ※必須')).toHaveValue(user_id);
    }
    await fillIn(page, at.details, details());
    await send(page, at.check);
    await arrives(page, at.done);
    await page.goto(society.at('/settings'));
    await expect(page.getByText('（変更できません）')).toBeVisible();
    await page.goto(society.at('/settings/user-id'));
    await expect(page.getByLabel('ユーザID')).toHaveCount(0);
    expectComplaint(complaints, /404 \(Not Found\)/);
  });

  test(`${key}: passwords and addresses, every mistake is named`, async ({ page, portal }) => {
    const society = portal.society(key);
    await fromPostcard(page, society);
    await fillIn(page, at.identity, identity(society));
    const most = key === 'soyokaze' ? 20 : 64;
    const bounds = `パスワードは8文字以上${most}文字以内で入力してください。`;
    for (const [password, words] of [
      ['', '新しいパスワードを入力してください。'],
      ['Kumo-7x', bounds],
      [`${'x7-'.repeat(22).slice(0, most)}9`, bounds],
      ['yuki-to-hashi-no-ue', 'パスワードには、英字と数字をそれぞれ1文字以上使ってください。'],
      ['4820-5917-3364', 'パスワードには、英字と数字をそれぞれ1文字以上使ってください。'],
      ['hakumoku7ren', 'パスワードをユーザIDと同じにすることはできません。'],
      ['Kumo-no-ue-2026', '現在のパスワードと同じです。別のパスワードを入力してください。'],
    ]) {
      const typed = { user_id: 'hakumoku7ren', new_password: password, new_password_again: password };
      await fillIn(page, at.details, typed);
      expect(await faults(page), password).toEqual([words]);
    }
    await fillIn(page, at.details, details({ new_password_again: 'Yuki-to-hashi-59' }));
    expect(await faults(page)).toEqual(['確認用のパスワードが一致しません。もう一度入力してください。']);

    const invalid = '無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。';
    for (const [email, words] of [
      ...(emailRequired ? [['', ['メールアドレスを入力してください。']]] : []),
      ['taro.@mail.example', [invalid]],
      [`a@${'b'.repeat(250)}.example`, [invalid, '設定可能なメールアドレスの最大文字数は255文字です。']],
      [`TESTtaro01@${key}.example`, ['他のアカウントで設定されているメールアドレスです。別のメールアドレスを入力してください。']],
    ]) {
      await fillIn(page, at.details, details({ email }));
      expect(await faults(page), email).toEqual(words);
    }
    const longest = 'x7-Kumo'.repeat(10).slice(0, most);
    await fillIn(page, at.details, details({ email: emailRequired ? 'Taro@Mail.Example' : '', new_password: longest, new_password_again: longest }));
    await arrives(page, at.check);
    await expect(page.locator('main')).toContainText(emailRequired ? 'taro@mail.example' : '登録しない');
    await send(page, at.check);
    await arrives(page, at.done);
    const mailed = '届かない場合は、アドレスが誤っている可能性があります。';
    await expect(page.getByText(emailRequired ? mailed : 'ユーザIDを控えておいてください。')).toBeVisible();
  });

  test(`${key}: a wrong identity is refused, and the fifth locks the account until staff unlock it`, async ({ page, portal }) => {
    const society = portal.society(key);
    const other = portal.society('minato').account('testtaro01');
    await fromPostcard(page, society);
    await fillIn(page, at.identity, { insurer_number: '0613902', birth_date: '790822' });
    expect(await faults(page)).toEqual([
      '保険者番号を8桁の数字で入力してください。',
      '生年月日を西暦の8桁の数字で入力してください。例：19790822',
      ...(asksKind ? ['被保険者か被扶養者かを選択してください。'] : []),
      'ご利用には、利用規約への同意が必要です。同意しない場合は、下の「中断してポータルに戻る」を押してください。',
    ]);
    await fillIn(page, at.identity, identity(society, { agreed: 'no' }));
    expect((await faults(page))[0]).toContain('利用規約への同意が必要です');
    const wrong = '入力内容が登録と一致しません。被保険者ご本人の情報をご確認ください。5回誤るとロックされます。';
    const wrongs = [
      { insurer_number: other.insurer_number },
      { birth_date: '19000101' },
      asksKind ? { relationship: 'dependent' } : { birth_date: '19000102' },
      { birth_date: '19000103' },
    ];
    for (const more of wrongs) {
      await fillIn(page, at.identity, identity(society, more));
      expect(await faults(page)).toEqual([wrong]);
    }
    await fillIn(page, at.identity, identity(society, { birth_date: '19000104' }));
    await arrives(page, '/login/refused');
    await expect(page.getByText('アカウントがロックされています。')).toBeVisible();
    await portal.yui(['account', 'unlock', '--society', key, '--user-id', 'kari000003']);
    await fromPostcard(page, society);
    await fillIn(page, at.identity, identity(society));
    await arrives(page, at.details);
  });

  test(`${key}: no step is skipped by its address, and it goes on tomorrow`, async ({ page, portal }) => {
    const society = portal.society(key);
    const stays = async (step) => {
      for (const other of [at.identity, at.details, at.check, at.password, at.profile, '/factors', '/login/continue']) {
        await page.goto(society.at(other));
        expect(pathOf(page), other).toBe(step);
      }
      await page.reload();
      expect(pathOf(page)).toBe(step);
      await page.goto(society.at(at.done));
      expect(pathOf(page)).toBe('/login');
      await page.goto(society.at('/login/continue'));
    };
    await fromPostcard(page, society);
    await stays(at.identity);
    await fillIn(page, at.identity, identity(society));
    await stays(at.details);
    await portal.advance(days);
    await fromPostcard(page, society);
    await fillIn(page, at.details, details());
    await stays(at.check);
    await page.context().clearCookies();
    await portal.advance(days);
    await fromPostcard(page, society);
    await arrives(page, at.check);
    await send(page, at.check);
    await arrives(page, at.done);
    await page.goBack();
    await page.goto(society.at(at.check));
    await expect(page).toHaveURL(/\/(login)?$/);
  });
}

for (const [key, age] of [
  ['soyokaze', 3],
  ['midori', 5],
]) {
  test(`${key}: a password that is ${age} years old is replaced at the login`, async ({ page, portal }) => {
    const society = portal.society(key);
    const account = await enrolClassic(page, society);
    await logOut(page, society);
    const open = async (password) => {
      await page.goto(society.at('/login?return_to=%2Fsettings'));
      await logIn(page, { ...account, password });
    };
    await portal.advance(age * years - 2 * days);
    await open(OWN_PASSWORD);
    await page.waitForURL(society.at('/settings'));
    await logOut(page, society);
    await portal.advance(3 * days);
    await open(OWN_PASSWORD);
    await arrives(page, at.password);
    await expect(page.getByText('パスワードの有効期限が過ぎたか、仮のパスワードです。')).toBeVisible();
    for (const closed of ['/', '/expenses', '/settings']) {
      await page.goto(society.at(closed));
      await expect(page.getByText(account.name)).toHaveCount(0);
    }
    await page.goto(society.at(at.password));
    await fillIn(page, at.password, { new_password: OWN_PASSWORD, new_password_again: OWN_PASSWORD });
    expect(await faults(page)).toEqual(['現在のパスワードと同じです。別のパスワードを入力してください。']);
    const next = 'Ishi-no-mori-61';
    await fillIn(page, at.password, { new_password: next, new_password_again: next });
    await page.waitForURL(society.at('/settings'));
    await expectNotice(portal, key, account.email, 'パスワードが変更されました');
    await logOut(page, society);
    await open(next);
    await page.waitForURL(society.at('/settings'));
  });
}
