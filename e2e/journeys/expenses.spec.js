import { TODAY } from '../support/portal.js';
import { asMember, cells, expect, test, yen } from '../support/test.js';

const summary = (page) => page.locator('.error-summary');
const heading = (page) => page.getByRole('heading', { level: 1 });
const self = (page) => page.getByRole('region', { name: 'あなたが支払った額' });

test('from the overview to a year, to a month', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society);
  await expect(page.getByRole('region', { name: '今年の自己負担総額' })).toBeVisible();
  await page.getByRole('link', { name: '医療費情報を見る' }).click();
  await expect(heading(page)).toHaveText('医療費情報');

  const latest = page.getByRole('region', { name: '最新の自己負担総額' });
  const amount = yen(await latest.locator('.amount').innerText());
  await latest.getByRole('link').click();
  expect(yen(await self(page).locator('.amount').innerText())).toBe(amount);
  await page.goBack();

  const thisYear = page.getByRole('region', { name: '今年の自己負担総額' });
  const soFar = yen(await thisYear.locator('.amount').innerText());
  await thisYear.getByRole('link').click();
  await expect(heading(page)).toHaveText('2026年の医療費明細');
  expect(yen(await self(page).locator('.amount').innerText())).toBe(soFar);
  await page.goBack();

  // Every year's months add up to the year.
  const years = page.locator('.years > details');
  for (const year of await years.all()) {
    const { summary, links } = await year.evaluate((year) => ({
      summary: year.querySelector('summary b').textContent,
      links: [...year.querySelectorAll('.months a')].map((link) => link.lastElementChild.textContent),
    }));
    const [whole, ...months] = links.map(yen);
    expect(whole).toBe(yen(summary));
    expect(months.reduce((sum, month) => sum + month, 0)).toBe(whole);
  }

  const year = years.filter({ hasText: '2025年' });
  const january = year.getByRole('link', { name: /^1月/ });
  await expect(january).toBeHidden();
  await year.locator('summary').click();
  await expect(january).toContainText('3,720円');
  await january.click();
  await expect(heading(page)).toHaveText('2025年1月の医療費明細');
  await page.getByRole('link', { name: '医療費情報へ戻る' }).click();
  await expect(heading(page)).toHaveText('医療費情報');
});

test('a year in pictures says in words and in a table what it shows', async ({ page, portal }) => {
  await asMember(page, portal.society('minato'), '/expenses/statement?year=2025');
  const total = yen(await self(page).locator('.amount').innerText());
  const rows = await cells(page.locator('.table-wide tbody tr'));
  expect(rows.reduce((sum, row) => sum + yen(row[6]), 0)).toBe(total);

  await page.getByText('表で見る').click();
  const table = page.locator('.charts table tbody tr');
  await expect(table.first()).toBeVisible();
  const months = await cells(table);
  expect(months.reduce((sum, [, paid]) => sum + yen(paid), 0)).toBe(total);
  expect(months).toContainEqual(['2025年1月', '3,720円']);

  for (const chart of ['月ごとの自己負担額', '受診者ごとの自己負担額', '診療区分ごとの自己負担額']) {
    const picture = page.getByRole('img', { name: new RegExp(`^${chart}: `) });
    await expect(picture).toBeVisible();
    const said = await picture.getAttribute('aria-label');
    const parts = [...said.matchAll(/([\d,]+)円/g)].map((part) => yen(part[1]));
    expect(parts.reduce((sum, part) => sum + part, 0), chart).toBe(total);
  }
});

test('a span of months and a person', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/expenses');
  await page.getByLabel('はじめの診療年月').fill('2025-01');
  await page.getByLabel('おわりの診療年月').fill('2025-01');
  await page.getByRole('combobox', { name: '受診者' }).selectOption({ label: 'テスト ハナコ' });
  await page.getByRole('button', { name: '表示' }).click();
  await expect(heading(page)).toContainText('2025年1月');
  const rows = await cells(page.locator('.table-wide tbody tr'));
  expect(rows.map((row) => [row[1], row[6]])).toEqual([['テスト ハナコ', '3,420']]);
  await expect(self(page)).toContainText('3,420円');
  await expect(page.getByRole('combobox', { name: '受診者' }).locator('option:checked')).toHaveText('テスト ハナコ');

  await page.getByRole('combobox', { name: '受診者' }).selectOption({ label: '家族全員' });
  await page.getByLabel('おわりの診療年月').fill('2025-06');
  await page.getByRole('button', { name: '表示' }).click();
  await expect(heading(page)).toHaveText('2025年1月から2025年6月までの医療費明細');
  const months = (await cells(page.locator('.table-wide tbody tr'))).map(([month]) => month);
  expect(months).toEqual([...months].sort());
  expect([months[0], months.at(-1) <= '2025/06']).toEqual(['2025/01', true]);
});

test('mistakes in the filter are named at their field, and the answers stay', async ({ page, portal, complaints }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/expenses');
  await page.getByLabel('はじめの診療年月').fill('2025-03');
  await page.getByLabel('おわりの診療年月').fill('2025-01');
  await page.getByRole('button', { name: '表示' }).click();
  const words = 'はじめの年月が、おわりの年月より後になっています。';
  await expect(page).toHaveTitle(/^エラー: 医療費明細/);
  await expect(summary(page)).toBeFocused();
  await expect(page.locator('#from-error')).toHaveText(`エラー: ${words}`);
  await expect(page.getByLabel('はじめの診療年月')).toHaveValue('2025-03');
  await summary(page).getByRole('link', { name: words }).click();
  await expect(page.locator('#from')).toBeFocused();

  await page.goto(society.at('/expenses/statement?from=2025-13&to=yesterday'));
  await expect(summary(page).getByRole('link')).toHaveText(Array(2).fill('年月は 2025-01 のように入力してください。'));
  // Chromium's month field holds nothing but a month, and says so of an address that nobody typed into it.
  expect(complaints.splice(0).filter((said) => !said.includes('does not conform to the required format'))).toEqual([]);
});

test('the months to come are said to be not yet there, with when they are expected', async ({ page, portal }) => {
  const society = portal.society('minato');
  await asMember(page, society, '/expenses');
  const words = '2026年8月・9月診療分は、まだ届いていません。2026年8月分は、2026年11月ごろに掲載する見込みです。';
  await expect(page.getByText(words)).toBeVisible();
  const [year, month] = TODAY.split('-');
  await page.goto(society.at(`/expenses/statement?month=${year}-${month}`));
  await expect(heading(page)).toHaveText(`${year}年${Number(month)}月の医療費明細`);
  await expect(page.getByText('2026年9月診療分は、まだ届いていません。2026年12月ごろに掲載する見込みです。')).toBeVisible();
  await expect(page.getByText('該当するデータはありません。')).toHaveCount(0);
  await page.goto(society.at(`/deduction/${year}`));
  await expect(page.getByText(`${year}年は、まだ終わっていません。`)).toBeVisible();
  await expect(page.getByText('領収書から申告してください')).toHaveCount(0);
});

test('claims of one provider are one line, its parts behind a tap', async ({ page, portal }) => {
  const society = portal.society('fumitsuki');
  await asMember(page, society, '/expenses/statement?month=2025-02');
  const joined = page.locator('.table-wide tbody tr').filter({ has: page.locator('details') }).first();
  const [paid] = (await cells(joined)).map((row) => yen(row[6]));
  await expect(joined.getByRole('listitem').first()).toBeHidden();
  await joined.getByText('件の請求の内訳').click();
  const parts = await joined.getByRole('listitem').allInnerTexts();
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.map((part) => yen(/自己負担額\s*([\d,]+)/.exec(part)[1])).reduce((sum, part) => sum + part)).toBe(paid);
});

// In September 2026, two years before it begin with January 2024, five with January 2021.
for (const [key, years, first] of [
  ['soyokaze', 2, '2024年1月'],
  ['midori', 2, '2024年1月'],
  ['fumitsuki', 5, '2021年1月'],
  ['nanohana', 5, '2021年1月'],
  ['minato', 5, '2021年1月'],
]) {
  test(`${key} shows ${years} years`, async ({ page, portal }) => {
    const society = portal.society(key);
    const refused = page.getByRole('link', { name: `ご覧いただけるのは、${first}から2026年9月までの診療分です。` });
    await page.goto(society.url);
    await expect(page.getByText(`ご家族の医療費を、今年と過去${years}年分ご覧いただけます。`)).toBeVisible();
    await asMember(page, society, '/expenses/statement?year=2022');
    if (years === 2) {
      await expect(refused).toBeVisible();
      await expect(page.locator('.table-wide')).toHaveCount(0);
    } else {
      await expect(page.locator('.table-wide tbody tr').first()).toContainText('2022/');
    }
    await page.goto(society.at(`/expenses/statement?month=${years === 2 ? '2023-12' : '2020-12'}`));
    await expect(refused).toBeVisible();
    await page.goto(society.at('/expenses/statement?month=2025-01'));
    await expect(page.locator('.table-wide tfoot')).toContainText('27,120');
    await page.goto(society.at('/expenses'));
    await expect(page.getByText(`今年と、その前の${years}年分をご覧いただけます。`)).toBeVisible();
    await expect(page.locator('.years > details')).toHaveCount(years === 2 ? 3 : 6);
    // All of it, and no line before the window.
    await page.getByRole('link', { name: 'すべて見る' }).click();
    const months = (await cells(page.locator('.table-wide tbody tr'))).map(([month]) => month);
    expect(months[0] >= (years === 2 ? '2024/01' : '2021/01')).toBe(true);
  });
}

test('English, and back, on the same page', async ({ page, portal }) => {
  const society = portal.society('minato');
  const here = '/expenses/statement?month=2025-01';
  await asMember(page, society, here);
  await page.getByRole('link', { name: /^English/ }).click();
  await page.waitForURL(society.at(here));
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(heading(page)).toHaveText(/January 2025/);
  await expect(page.locator('.table-wide tfoot')).toContainText('27,120');
  await page.goto(society.at('/'));
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.getByRole('link', { name: /^日本語/ }).click();
  await page.waitForURL(society.url);
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
  await page.goto(society.at(here));
  await expect(heading(page)).toHaveText('2025年1月の医療費明細');
});
