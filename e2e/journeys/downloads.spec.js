import { readFile, writeFile } from 'node:fs/promises';

import { asMember, cells, download, expect, test, yen } from '../support/test.js';
import { referenceRows, referenceTotals } from '../support/csv.js';
import { csvRows, elements, pdfInfo, pdfText, sheetRows, signatureHolds } from '../support/files.js';

/** A two-year society and a five-year one. */
const societies = ['midori', 'minato'];

for (const key of societies) {
  test(`${key}: the reference month on screen and in the PDF`, async ({ page, portal }) => {
    const society = portal.society(key);
    await asMember(page, society, '/expenses/statement?month=2025-01');
    expect(await cells(page.locator('.table-wide tbody tr'))).toEqual(referenceRows);
    expect(await cells(page.locator('.table-wide tfoot tr'))).toEqual([referenceTotals]);
    await expect(page.getByRole('region', { name: 'あなたが支払った額' })).toContainText('3,720円');

    const pdf = await download(page, () => page.getByRole('link', { name: '医療費明細（PDF）' }).click());
    expect(pdf.name).toBe('medical-expenses-2025-01-2025-01.pdf');
    const text = (await pdfText(pdf.path)).replaceAll(/[ 　]+/g, ' ');
    for (const amounts of ['12,960 9,072 3,588 300', '2,760 1,932 828 0', '11,400 7,980 0 3,420', '27,120 18,984 4,416 3,720']) {
      expect(text).toContain(amounts);
    }
    // The items of the law: who was treated, where, when, what was paid, by whom the notice is, of whom.
    for (const item of ['テスト タロウ', 'テスト ハナコ', 'サンプルクリニック薬局', '2025/01', '合計', society.name, '2025年1月']) {
      expect(text).toContain(item);
    }
    const { insurer_number, symbol, number } = society.account('testtaro01');
    expect(text).not.toContain(insurer_number);
    expect(text).not.toMatch(new RegExp(`記号|番号.*${number}|${symbol}[-・ ]+${number}`));
    expect(await pdfInfo(pdf.path)).toMatchObject({ Tagged: 'yes', Encrypted: 'no' });
  });

  test(`${key}: a year for the tax return, in every form, all of the same amounts`, async ({ page, portal }, info) => {
    const society = portal.society(key);
    await asMember(page, society, '/deduction');
    await expect(page.getByText('テスト タロウ', { exact: true })).toBeVisible();
    const offered = await page.getByRole('combobox', { name: '発行対象年' }).locator('option').allInnerTexts();
    // The years of which a refund can be claimed, however far back the society's pages go.
    expect(offered).toEqual(['2026年', '2025年', '2024年', '2023年', '2022年', '2021年']);
    await page.getByRole('combobox', { name: '発行対象年' }).selectOption('2025');
    await page.getByRole('button', { name: '表示' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('2025年分の医療費通知データ');

    const lines = (await cells(page.locator('.table-wide tbody tr'))).map(([month, patient, provider, paid]) => ({
      month,
      patient,
      provider,
      paid: yen(paid),
    }));
    const sum = lines.reduce((sum, line) => sum + line.paid, 0);
    const [[, total]] = await cells(page.locator('.table-wide tfoot tr'));
    expect(yen(total)).toBe(sum);
    const january = lines.filter((line) => line.month === '2025/01');
    expect(january.map((line) => [line.patient, line.provider, line.paid])).toEqual([
      ['テスト タロウ', 'サンプルクリニック', 300],
      ['テスト タロウ', 'サンプルクリニック薬局', 0],
      ['テスト ハナコ', 'サンプルクリニック', 3420],
    ]);
    await page.goto(society.at('/expenses/statement?year=2025'));
    await expect(page.getByRole('region', { name: 'あなたが支払った額' })).toContainText(`${sum.toLocaleString('en')}円`);
    await page.goto(society.at('/deduction/2025'));
    await expect(page.getByText(/ご?家族の医療費(も|が)含まれます/)).toBeVisible();
    await expect(page.getByText('国税庁の様式との照合がまだ済んでいません')).toBeVisible();

    await test.step('XML, signed: the demo’s certificate is the one in the file', async () => {
      const file = await download(page, () => page.getByRole('link', { name: 'XMLデータダウンロード' }).click());
      expect(file.name).toBe('medical-expenses-2025.xml');
      const xml = await readFile(file.path, 'utf8');
      const paid = elements(xml, 'PAID').map(Number);
      expect(paid).toEqual(lines.map((line) => line.paid));
      expect(xml).toContain(society.name);
      const { insurer_number } = society.account('testtaro01');
      expect(xml).not.toContain(insurer_number);

      const certificate = info.outputPath('certificate.pem');
      const [base64] = elements(xml, 'X509Certificate');
      const body = base64.replaceAll(/\s/g, '').replaceAll(/.{64}/g, '$&\n');
      await writeFile(certificate, `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
      expect(await signatureHolds(file.path, certificate)).toBe(true);
      const changed = info.outputPath('changed.xml');
      for (const [from, to] of [
        ['<PAID>3420</PAID>', '<PAID>3421</PAID>'],
        ['テスト ハナコ', 'テスト ハナヨ'],
        ['サンプルクリニック', 'サンプルクリニッグ'],
      ]) {
        expect(xml).toContain(from);
        await writeFile(changed, xml.replace(from, to));
        expect(await signatureHolds(changed, certificate), from).toBe(false);
      }
    });

    await test.step('CSV, one file per person', async () => {
      for (const patient of ['テスト タロウ', 'テスト ハナコ']) {
        const link = page.getByRole('link', { name: `CSVデータをダウンロードする（${patient}）` });
        const file = await download(page, () => link.click());
        expect(file.name).toMatch(/^medical-expenses-2025-\d+\.csv$/);
        const pairs = csvRows(await readFile(file.path, 'utf8'));
        const of = (key) => pairs.filter(([name]) => name === key).map(([, value]) => value);
        const theirs = lines.filter((line) => line.patient === patient);
        const details = pairs.slice(pairs.findIndex(([name]) => name === '診療年月'));
        const paid = details.filter(([name]) => name === '窓口相当負担額（円）').map(([, value]) => yen(value));
        expect(paid).toEqual(theirs.map((line) => line.paid));
        expect(of('医療機関等名称')).toEqual(theirs.map((line) => line.provider));
        expect(of('診療年月')).toHaveLength(theirs.length);
      }
    });

    await test.step('spreadsheet, the columns of the agency’s worksheet', async () => {
      const file = await download(page, () => page.getByRole('link', { name: '表計算データをダウンロードする' }).click());
      expect(file.name).toBe('medical-expenses-2025.xlsx');
      const rows = (await sheetRows(file.path)).filter((row) => lines.some((line) => line.patient === row.B));
      expect(rows.map((row) => [row.B, row.C, Number(row.H), row.J])).toEqual(
        lines.map((line) => [line.patient, line.provider, line.paid, line.month]),
      );
    });
  });
}

test('a year that may not be seen has no page and no file', async ({ page, portal, complaints }) => {
  const society = portal.society('midori');
  await asMember(page, society, '/deduction');
  for (const path of ['/deduction/2020', '/deduction/2020/notice.xml', '/deduction/2020/worksheet.xlsx', '/deduction/year']) {
    const answer = await page.goto(society.at(path));
    expect(answer.status(), path).toBe(404);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('ページが見つかりません');
  }
  expect(complaints.splice(0)).toHaveLength(4);
});
