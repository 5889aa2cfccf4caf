import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

import { asStaff } from '../support/console.js';
import { expect, test } from '../support/test.js';

/** How large the file is: a gigabyte is tried by hand (docs/performance.md), as it takes its time. */
const MEGABYTES = Number(process.env.YUI_TEST_UPLOAD_MB || 100);

const header =
  '請求番号,保険者番号,記号,番号,枝番,診療年月,医療機関名,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考\r\n';

/** Writes a file of so many megabytes of rows that mean nobody, so that checking it is reading it. */
async function write(path) {
  const file = createWriteStream(path);
  file.write(header);
  const rows = Array.from({ length: 10_000 }, (_, at) => `G${at},06149033,1,${at},00,2026-07,医院,通院,1,1000,700,0,300,\r\n`).join('');
  const piece = Buffer.from(rows);
  for (let size = 0; size < MEGABYTES * 1e6; size += piece.length) if (!file.write(piece)) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
}

/** The most memory that the portal ever had, in megabytes, and what it has now. */
async function memory(portal) {
  const status = await readFile(`/proc/${portal.child.pid}/status`, 'utf8');
  const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]);
  return { peak: kilobytes('VmHWM') / 1000, now: kilobytes('VmRSS') / 1000 };
}

test('a large file comes in while the memory stays as it was', async ({ page, portal }, info) => {
  test.setTimeout(600_000);
  const path = info.outputPath('large.csv');
  await write(path);
  const minato = portal.society('minato');
  await asStaff(page, minato, '/console/imports/new', 'benefits');
  await page.getByRole('radio', { name: '医療費', exact: true }).check();
  await page.getByLabel('ファイル ※必須').setInputFiles(path);
  const before = await memory(portal);
  const began = performance.now();
  await page.getByRole('button', { name: '送って確認する' }).click();
  await page.waitForURL(/\/console\/imports\/uploads\/\d+$/, { timeout: 500_000 });
  const seconds = (performance.now() - began) / 1000;
  const after = await memory(portal);
  const words = `${MEGABYTES} MB in ${seconds.toFixed(1)} s; memory ${before.now} MB, peak before ${before.peak} MB, after ${after.peak} MB`;
  info.annotations.push({ type: 'upload', description: words });
  console.log(words);
  // What passes by: pieces on their way to the disk, and the check that may have begun.
  expect(after.peak - Math.max(before.now, before.peak)).toBeLessThan(60);
});
