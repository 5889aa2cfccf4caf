import { asMember, cells, expect, test } from '../support/test.js';
import { pdfText } from '../support/files.js';
import { writeFile } from 'node:fs/promises';

/** The people of the filter: id and name. */
const people = (page) =>
  page.locator('select[name=member] option').evaluateAll((options) =>
    options.filter((option) => option.value).map((option) => ({ id: option.value, name: option.textContent })),
  );

test('a household never sees another’s', async ({ page, browser, portal, complaints }, info) => {
  const society = portal.society('minato');
  const theirs = await (async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    await asMember(other, society, '/expenses', 'mihon00002');
    const found = await people(other);
    await context.close();
    return found;
  })();
  await asMember(page, society, '/expenses');
  const ours = await people(page);
  expect(ours.map((person) => person.name)).toEqual(['テスト タロウ', 'テスト ハナコ']);
  expect(theirs.length).toBeGreaterThan(0);
  expect(ours.filter((our) => theirs.some((their) => their.id === our.id))).toEqual([]);

  const get = (path) => page.evaluate(async (path) => {
    const answer = await fetch(path);
    return { status: answer.status, bytes: [...new Uint8Array(await answer.arrayBuffer())] };
  }, path);
  for (const { id, name } of theirs) {
    await page.goto(society.at(`/expenses/statement?member=${id}`));
    await expect(page.getByText('該当するデータはありません。')).toBeVisible();
    await page.goto(society.at(`/expenses/statement?year=2025&member=${id}`));
    await expect(page.getByText('該当するデータはありません。')).toBeVisible();
    await expect(page.getByText(name)).toHaveCount(0);

    expect((await get(`/deduction/2025/portal.csv?member=${id}`)).status).toBe(404);
    const pdf = await get(`/expenses/statement.pdf?year=2025&member=${id}`);
    if (pdf.status === 200) {
      const file = info.outputPath('nothing.pdf');
      await writeFile(file, Buffer.from(pdf.bytes));
      expect(await pdfText(file)).not.toContain(name);
    }
  }
  expect(complaints.splice(0).filter((said) => !said.includes('404 (Not Found)'))).toEqual([]);
  // Of one's own household, the tax files hold nobody else.
  for (const path of ['/deduction/2025', '/expenses/statement?year=2025']) {
    await page.goto(society.at(path));
    const patients = new Set((await cells(page.locator('.table-wide tbody tr'))).map((row) => row[1]));
    expect([...patients].sort()).toEqual(['テスト タロウ', 'テスト ハナコ']);
  }
});

test('nobody gets anything without a session', async ({ portal }) => {
  for (const path of [
    ...['/expenses', '/expenses/statement?year=2025', '/expenses/statement.pdf?year=2025', '/deduction', '/deduction/2025'],
    ...['/deduction/2025/notice.xml', '/deduction/2025/worksheet.xlsx', '/deduction/2025/portal.csv?member=1', '/logout'],
  ]) {
    const answer = await portal.get('minato.localhost', path);
    expect([path, answer.status]).toEqual([path, 303]);
    expect(answer.headers.location).toMatch(/^\/login\?return_to=/);
  }
});

test('a host name that is nobody’s gets a plain 404 that names no society', async ({ portal }) => {
  for (const host of ['nobody.localhost', 'portal.example.jp', '127.0.0.1', 'minato.localhost.evil.example', 'xminato.localhost']) {
    for (const path of ['/', '/login', '/expenses', '/demo.json', '/mailbox', '/demo/clock']) {
      const answer = await portal.get(host, path);
      expect([host, path, answer.status]).toEqual([host, path, 404]);
      expect(answer.headers['content-type']).toMatch(/^text\/plain/);
      expect(answer.text).toBe('404 Not Found\n');
    }
  }
  for (const { key, name } of portal.societies) {
    const { text } = await portal.get('nobody.localhost', '/');
    expect(text).not.toContain(name);
    expect(text).not.toContain(key);
  }
});

test('the demo’s doors are on the demo’s own host alone', async ({ portal }) => {
  for (const path of ['/demo.json', '/mailbox', '/mailbox.json']) {
    expect((await portal.get('localhost', path)).status).toBe(200);
    expect((await portal.get('minato.localhost', path)).status).toBe(404);
  }
  expect((await portal.post('minato.localhost', '/demo/clock', { advance_seconds: '1' })).status).toBe(404);
});
