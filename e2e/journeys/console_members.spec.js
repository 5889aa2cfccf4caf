import { Authenticator } from '../support/authenticator.js';
import { asStaff, confirmStaff, lookFor } from '../support/console.js';
import { arrives, faults } from '../support/enrol.js';
import { asMember, expect, expectComplaint, expectNotice, logIn, submit, test, typeLogin } from '../support/test.js';

/** Words by which a household could learn that something is kept from it. */
const TRACE = /一部のご家族|表示していません|異議|非開示/;
const heading = (page) => page.getByRole('heading', { level: 1 });
const done = (page) => page.locator('p.notice[role=status]');
const account = (page) => page.getByRole('region', { name: 'アカウント', exact: true });

/** A browser of somebody else. */
async function otherPage(browser) {
  return (await browser.newContext({ locale: 'ja-JP' })).newPage();
}

/** Signs staff in at the search and opens the first person whom this finds. */
async function found(page, society, typed, role = 'desk') {
  await asStaff(page, society, '/console/members', role);
  await lookFor(page, typed);
  await submit(page, page.locator('tbody th a').first());
}

/** Opens an act on the person whose page is shown. */
async function act(page, society, name, role = 'desk') {
  await submit(page, page.getByRole('link', { name, exact: true }));
  await confirmStaff(page, society.portal, society.staff.find((staff) => staff.role === role));
  await expect(heading(page)).toHaveText(name);
}

/** Fills in what the act asks for, and does it. */
async function go(page, values, button) {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label).fill(value);
  await submit(page, page.getByRole('button', { name: button, exact: true }));
}

test('a lost phone: found by kana, initialised, and registered anew by its owner', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const member = society.account('testtaro01');
  const phone = await otherPage(browser);
  await asMember(phone, society, '/expenses');

  await found(page, society, 'てすと　たろ');
  await expect(heading(page)).toHaveText('テスト タロウ');
  await act(page, society, '認証方法の初期化');
  await expect(page.getByRole('listitem').filter({ hasText: '登録されている認証方法と回復コードが、すべて削除されます。' })).toBeVisible();
  await go(page, {}, '認証方法を初期化する');
  expect(await faults(page)).toEqual(['本人確認の方法を入力してください。', '理由を入力してください。']);
  await go(page, { 本人確認の方法: '電話で生年月日と記号・番号を確認', 理由: '携帯電話の紛失' }, '認証方法を初期化する');
  await expect(done(page)).toContainText('認証方法を初期化しました。');
  await expect(page.getByRole('region', { name: '職員の閲覧と操作' }).first()).toContainText('携帯電話の紛失（本人確認: 電話で生年月日と記号・番号を確認）');
  await expectNotice(portal, 'minato', member.email, '認証方法が初期化されました');

  await phone.goto(society.at('/expenses'));
  await arrives(phone, '/login');
  await typeLogin(phone, member);
  await arrives(phone, '/factors');
  const authenticator = await Authenticator.of(phone);
  await phone.goto(society.at('/factors/passkey'));
  await phone.getByRole('button', { name: '登録', exact: true }).click();
  await phone.waitForURL((url) => !url.pathname.startsWith('/factors/passkey'));
  expect(await authenticator.credentials()).toHaveLength(1);
  await page.reload();
  await expect(page.getByRole('region', { name: '認証方法', exact: true }).first()).toContainText('生体認証');
  await phone.context().close();
});

test('a locked account is unlocked, and its owner is told', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const locked = society.account('rokku00004');
  const member = await otherPage(browser);
  await member.goto(society.at('/login'));
  await typeLogin(member, locked);
  expect(await faults(member)).toEqual(['無効なユーザIDまたはパスワードです。']);

  await asStaff(page, society, '/console/members', 'desk');
  await page.getByLabel('アカウント', { exact: true }).selectOption('ロック中');
  await submit(page, page.getByRole('button', { name: '検索する' }));
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await submit(page, page.locator('tbody th a'));
  await expect(account(page)).toContainText('rokku00004');
  await act(page, society, 'ロックの解除');
  await go(page, {}, 'ロックを解除する');
  await expect(done(page)).toHaveText('ロックを解除しました。');
  await expectNotice(portal, 'minato', locked.email, 'ロックが解除されました');
  await expect(page.getByRole('link', { name: 'ロックの解除' })).toHaveCount(0);

  await member.goto(society.at('/login'));
  await logIn(member, locked);
  await member.waitForURL(society.url);
  await member.context().close();
});

test('an objection hides a dependent from the household at once, and nothing says so', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const member = await otherPage(browser);
  const month = '/expenses/statement?month=2025-01';
  await asMember(member, society, month);
  await expect(member.locator('main')).toContainText('テスト ハナコ');

  await found(page, society, '800-1234-01');
  await expect(heading(page)).toHaveText('テスト ハナコ');
  const reason = { 本人確認の方法: '来所、身分証', 理由: '本人の申出' };
  await act(page, society, '異議申出の設定');
  await go(page, reason, '異議申出を設定する');
  await expect(heading(page)).toContainText('異議申出');
  for (const path of [month, '/expenses', '/', '/deduction/2025']) {
    await member.goto(society.at(path));
    await expect(member.locator('main')).not.toContainText(TRACE);
    await expect(member.locator('main')).not.toContainText('ハナコ');
  }

  await act(page, society, '異議申出の解除');
  await go(page, reason, '異議申出を解除する');
  await expect(done(page)).toHaveText('解除しました。');
  await member.goto(society.at(month));
  await expect(member.locator('main')).toContainText('テスト ハナコ');
  await member.context().close();
});

test('a stopped account is out at once, and is what it was when it is taken up again', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const owner = society.account('testtaro01');
  const member = await otherPage(browser);
  await asMember(member, society, '/expenses');
  await found(page, society, 'testtaro01');
  await act(page, society, '利用の停止');
  await go(page, { 理由: '第三者に知られたおそれ' }, '利用を停止する');
  await expect(account(page)).toContainText('停止中');
  await expectNotice(portal, 'minato', owner.email, '利用が停止されました');

  await member.goto(society.at('/expenses'));
  await arrives(member, '/login');
  await typeLogin(member, owner);
  expect(await faults(member)).toEqual(['無効なユーザIDまたはパスワードです。']);

  await act(page, society, '利用の再開');
  await go(page, { 理由: '本人と確認' }, '利用を再開する');
  await expect(account(page)).toContainText('登録済み');
  await member.goto(society.at('/login'));
  await logIn(member, owner);
  await member.waitForURL(society.url);
  await member.context().close();
});

const HELP = ['医療費明細の照会', '認証方法の初期化', 'ユーザIDの変更', '全てのログインの終了', '利用の停止', '異議申出の設定', '情報非開示の設定'];

for (const [role, enrolled, waiting] of [
  ['admin', HELP, ['仮ID・仮パスワードの再発行', '利用の停止', '異議申出の設定', '情報非開示の設定']],
  ['benefits', [], ['仮ID・仮パスワードの再発行']],
  ['desk', HELP, ['利用の停止', '異議申出の設定', '情報非開示の設定']],
  ['viewer', [], []],
]) {
  test(`${role}: is offered what the role may do, and gets nothing else`, async ({ page, portal, complaints }) => {
    const society = portal.society('minato');
    await found(page, society, 'testtaro01', role);
    const offered = page.locator('main .acts a');
    await expect(offered).toHaveText(enrolled);
    const person = page.url();
    await page.goto(society.at('/console/members'));
    await lookFor(page, 'kari000003');
    await submit(page, page.locator('tbody th a').first());
    await expect(offered).toHaveText(waiting);
    const closed = [];
    for (const [at, path] of [[person, 'factors'], [person, 'stop'], [person, 'objection'], [person, 'unlock'], [page.url(), 'pair']]) {
      const answer = await page.goto(`${at}/${path}`);
      if (answer.status() === 403) closed.push(path);
    }
    const help = ['factors', 'stop', 'objection', 'unlock'];
    expect(closed).toEqual({ admin: [], benefits: help, desk: ['pair'], viewer: [...help, 'pair'] }[role]);
    if (closed.length) expectComplaint(complaints, /403/);
  });
}

test('somebody is looked up and helped by keyboard alone', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asStaff(page, society, '/console/members', 'desk');
  const focused = page.locator(':focus');
  /** Goes on by Tab to what has this name. */
  const to = async (name) => {
    for (let steps = 0; steps < 60; steps += 1) {
      await page.keyboard.press('Tab');
      if ((await focused.innerText().catch(() => '')).trim() === name) return;
      if ((await focused.getAttribute('id').catch(() => '')) === name) return;
    }
    throw new Error(`no ${name} by Tab`);
  };
  const enter = () => Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  await expect(page.getByLabel('検索', { exact: true })).toBeFocused();
  await page.keyboard.type('rokku00004');
  await enter();
  await to(await page.locator('tbody th a').first().innerText());
  await enter();
  await to('ロックの解除');
  await enter();
  await to('reason');
  await page.keyboard.type('電話で本人と確認');
  await to('ロックを解除する');
  await enter();
  await expect(done(page)).toHaveText('ロックを解除しました。');
});

test('a member asks about a month: staff see what the member sees, for a reason', async ({ page, browser, portal }) => {
  const society = portal.society('minato');
  const member = await otherPage(browser);
  await asMember(member, society, '/expenses/statement?month=2025-01');
  const rows = (page) => page.locator('.table-wide tbody tr').allInnerTexts();

  await found(page, society, 'testtaro01');
  await act(page, society, '医療費明細の照会');
  await expect(page.locator('.table-wide')).toHaveCount(0);
  await page.getByLabel('診療年月').selectOption('2025年1月');
  await go(page, {}, '明細を表示する');
  expect(await faults(page)).toEqual(['本人確認の方法を入力してください。', '理由を入力してください。']);
  await go(page, { 本人確認の方法: '電話で生年月日を確認', 理由: '自己負担額の問い合わせ' }, '明細を表示する');
  await expect(page.getByRole('heading', { name: '2025年1月の医療費明細' })).toBeVisible();
  expect(await rows(page)).toEqual(await rows(member));
  expect(new URL(page.url()).search).toBe('');
  await submit(page, page.getByRole('link', { name: 'テスト タロウ の詳細' }));
  await expect(page.getByRole('region', { name: '職員の閲覧と操作' }).first()).toContainText('2025/01診療分: 自己負担額の問い合わせ');
  await member.context().close();
});
