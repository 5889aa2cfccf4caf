import { writeFile } from 'node:fs/promises';

import { pdfText } from '../support/files.js';
import { asMember, cells, expect, test } from '../support/test.js';
import { referenceRows, referenceTotals } from '../support/csv.js';

for (const width of [375, 1280]) {
  test(`printed from a ${width} px window, the statement is its table without menus`, async ({ page, portal }, info) => {
    await page.setViewportSize({ width, height: 800 });
    await asMember(page, portal.society('minato'), '/expenses/statement?month=2025-01');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });

    await expect(page.locator('.table-wide')).toBeVisible();
    expect(await cells(page.locator('.table-wide tbody tr'))).toEqual(referenceRows);
    expect(await cells(page.locator('.table-wide tfoot tr'))).toEqual([referenceTotals]);
    for (const gone of ['.side', '.menu', '.cards', '.sum', '.skip', '.demo-line', '.filter', 'main .button', '.top__user', '.back']) {
      for (const element of await page.locator(gone).all()) await expect(element, gone).toBeHidden();
    }
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('2025年1月の医療費明細');
    // Black on white whatever the screen has.
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');

    const file = info.outputPath('printed.pdf');
    await writeFile(file, await page.pdf({ format: 'A4' }));
    const text = (await pdfText(file)).replaceAll(/[ 　]+/g, ' ');
    for (const words of ['2025年1月の医療費明細', 'テスト ハナコ', '27,120 18,984 4,416 3,720', '領収書の金額と違うのはなぜですか？']) {
      expect(text).toContain(words);
    }
    expect(text).not.toContain('English');
    expect(text).not.toContain('絞り込む');
  });
}
