import { readFile, writeFile } from 'node:fs/promises';

import { csvRows, elements, sheetRows } from '../support/files.js';
import { asMember, cells, download, expect, test, yen } from '../support/test.js';

const FILED = /^2026年の自己負担総額$/;

/** The demo's data ends with July 2026; in December the society has published up to October. */
async function publishedUpToOctober(portal, society) {
  const insurer = society.account('testtaro01').insurer_number;
  const header =
    '請求番号,保険者番号,記号,番号,枝番,診療年月,医療機関名,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考';
  const row = (month, at) => `T${month}-${at},${insurer},800,1234,0${at % 2},2026-${month},みほん医院,通院,1,1000,700,0,300,`;
  const file = `${portal.folder}/autumn.csv`;
  const rows = ['08', '09', '10'].flatMap((month) => [0, 1, 2].map((at) => row(month, at)));
  await writeFile(file, `${[header, ...rows].join('\r\n')}\r\n`);
  const said = await portal.yui(['import', 'expenses', '--society', society.key, file]);
  const batch = /^batch (\d+):/.exec(said)[1];
  const published = await portal.yui(['publish', '--society', society.key, '--batch', batch, '--through', '2026-10']);
  expect(published).toContain('everything up to 2026-10 has arrived');
}

// A five-year society and a two-year one.
for (const [key, oldest] of [
  ['minato', 2022],
  ['soyokaze', 2025],
]) {
  test(`${key}: a tax return in February 2027 without a wrong figure`, async ({ page, portal }) => {
    const society = portal.society(key);
    await portal.setClock('2026-12-15T12:00:00+09:00');
    await publishedUpToOctober(portal, society);
    await asMember(page, society, '/expenses/statement?year=2025');
    const paid = page.getByRole('region', { name: 'あなたが支払った額' }).locator('.amount');
    const before = yen(await paid.innerText());

    await portal.setClock('2027-02-25T12:00:00+09:00');
    await asMember(page, society);
    const leading = page.getByRole('region', { name: FILED });
    await expect(leading).toContainText('2026年1月〜10月診療分');
    await expect(leading).toContainText('2026年11月・12月診療分は、まだ届いていません。2026年11月分は、2027年2月ごろに掲載する見込みです。');
    await expect(leading).toContainText('2027年1月・2月診療分は、まだ届いていません。');
    const total = yen(await leading.locator('.amount').innerText());
    expect(total).toBeGreaterThan(0);
    await expect(page.locator('main')).not.toContainText(/(^|[^\d,])0円/);

    await page.goto(society.at('/expenses'));
    expect(yen(await page.getByRole('region', { name: FILED }).locator('.amount').innerText())).toBe(total);
    const years = page.locator('.years > details');
    await expect(years.first().locator('summary')).toContainText('2026年');
    await expect(years.last().locator('summary')).toContainText(`${oldest}年`);
    await expect(years.first().locator('.missing')).toContainText('2026年11月・12月');
    // A year that was whole in December is whole in February.
    await page.goto(society.at('/expenses/statement?year=2025'));
    expect(yen(await paid.innerText())).toBe(before);

    await page.goto(society.at('/deduction'));
    await expect(page.getByRole('combobox', { name: '発行対象年' })).toHaveValue('2026');
    await page.getByRole('button', { name: '表示' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('2026年分の医療費通知データ');
    await expect(page.getByText(/2026年11月・12月診療分は、まだ届いていません。.*領収書から申告してください/)).toBeVisible();
    const lines = await cells(page.locator('.table-wide tbody tr'));
    const amounts = lines.map(([, , , amount]) => yen(amount));
    expect(amounts.reduce((sum, amount) => sum + amount)).toBe(total);
    const october = lines.filter(([month]) => month === '2026/10').map(([, patient, , amount]) => [patient, amount]);
    expect(october, 'two claims of one clinic are one line').toEqual([
      ['テスト タロウ', '600'],
      ['テスト ハナコ', '300'],
    ]);

    const xml = await download(page, () => page.getByRole('link', { name: 'XMLデータダウンロード' }).click());
    expect(elements(await readFile(xml.path, 'utf8'), 'PAID').map(Number)).toEqual(amounts);
    const sheet = await download(page, () => page.getByRole('link', { name: '表計算データをダウンロードする' }).click());
    const rows = (await sheetRows(sheet.path)).filter((row) => lines.some(([, patient]) => patient === row.B));
    expect(rows.map((row) => Number(row.H))).toEqual(amounts);
    const perPerson = [];
    for (const link of await page.getByRole('link', { name: /^CSVデータをダウンロードする/ }).all()) {
      const file = await download(page, () => link.click());
      const pairs = csvRows(await readFile(file.path, 'utf8'));
      const details = pairs.slice(pairs.findIndex(([name]) => name === '診療年月'));
      perPerson.push(...details.filter(([name]) => name === '窓口相当負担額（円）').map(([, value]) => yen(value)));
    }
    expect(perPerson.reduce((sum, amount) => sum + amount)).toBe(total);

    // What is refunded reaches five years back at every society.
    await page.goto(society.at('/deduction/2022'));
    await expect(page.locator('.table-wide tbody tr').first()).toContainText('2022/');
  });
}
