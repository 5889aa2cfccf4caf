import { crc32 } from 'node:zlib';

import { asStaff } from '../support/console.js';
import { expensesCsv } from '../support/csv.js';
import { asMember, expect, submit, test } from '../support/test.js';

/** The demo society's. */
const INSURER = '06139034';

const heading = (page, name) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible();

/** Chooses files of expenses on the page for new ones, and sends them. */
async function send(page, files) {
  await page.getByRole('radio', { name: '医療費', exact: true }).check();
  const chosen = files.map(([name, content]) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) }));
  await page.getByLabel('ファイル ※必須').setInputFiles(chosen);
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
}

/** A ZIP of these files, as they are. */
function zip(files) {
  const bytes = (...numbers) => Buffer.concat(numbers.map(([size, value]) => {
    const buffer = Buffer.alloc(size);
    buffer.writeUIntLE(value, 0, size);
    return buffer;
  }));
  const [locals, entries, at] = [[], [], [0]];
  for (const [name, content] of files) {
    const [named, data] = [Buffer.from(name), Buffer.from(content)];
    // Version, flags, method, time, date; checksum and lengths.
    const common = bytes([2, 20], [2, 0], [2, 0], [2, 0], [2, 33], [4, crc32(data)], [4, data.length], [4, data.length], [2, named.length]);
    locals.push(Buffer.concat([Buffer.from('PK\x03\x04'), common, bytes([2, 0]), named, data]));
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02'), bytes([2, 20]), common, bytes([2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, at[0]]), named]));
    at[0] += locals.at(-1).length;
  }
  const directory = Buffer.concat(entries);
  const end = bytes([2, 0], [2, 0], [2, files.length], [2, files.length], [4, directory.length], [4, at[0]], [2, 0]);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}

const expense = (claim, provider, branch = '00') => [claim, branch, provider, '通院', [10_000, 7_000, 0, 3_000]];

test('several files and a ZIP of them are one batch', async ({ page, portal }) => {
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports/new', 'benefits');
  const first = expensesCsv(INSURER, [expense('F1', 'みなとまち医院'), expense('F2', 'みなとまち医院', '09')], '2026-07');
  const second = expensesCsv(INSURER, [expense('F3', 'うみべ医院')], '2026-07');
  await send(page, [['東.csv', first], ['西.csv', second]]);
  await heading(page, '取込内容の確認');
  await expect(page.locator('.facts').first()).toContainText('東.csv、西.csv');
  await expect(page.locator('.figures')).toContainText('取り込める2');
  await expect(page.getByRole('table').filter({ hasText: '理由' })).toContainText('東.csv');
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await heading(page, /^取込\d+ 東\.csv、西\.csv$/);
  const batch = new URL(page.url()).pathname;

  // The same as a ZIP is the same content.
  await page.goto(minato.at('/console/imports/new'));
  await send(page, [['七月.zip', zip([['七月/東.csv', first], ['七月/西.csv', second]])]]);
  await heading(page, '取込内容の確認');
  await expect(page.locator(`main a[href="${batch}"]`)).toBeVisible();

  await page.goto(minato.at('/console/imports/new'));
  await send(page, [['七月.zip', zip([['読んでください.pdf', '%PDF-1.7']])]]);
  await expect(page.locator('.error-summary')).toContainText('ZIPの中の「読んでください.pdf」: PDFのファイルです');
});

test('an adjustment is a line of its own on the statement and on a narrow screen', async ({ page, portal }) => {
  const minato = portal.society('minato');
  const refund = ['A2', '00', 'みなとまち医院', '通院', [0, 1_000, 0, -1_000]];
  await asStaff(page, minato, '/console/imports/new', 'benefits');
  await send(page, [['調整.csv', expensesCsv(INSURER, [expense('A1', 'みなとまち医院'), refund], '2026-06')]]);
  await heading(page, '取込内容の確認');
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await heading(page, /^取込\d+ 調整\.csv$/);
  const batch = /取込(\d+)/.exec(await page.getByRole('heading', { level: 1 }).innerText())[1];
  await portal.yui(['publish', '--society', 'minato', '--batch', batch]);
  await page.context().clearCookies();
  await asMember(page, minato, '/expenses/statement?month=2026-06');
  await expect(page.locator('main')).toContainText('調整（通院）');
  await expect(page.locator('main')).toContainText('−1,000');
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
});
