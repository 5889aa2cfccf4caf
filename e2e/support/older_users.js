import { registerCsv } from './csv.js';
import { expect, submit } from './test.js';

/** The demo society minato's. */
const INSURER = '06139034';

/** Three users of an older system: with and without an address, the second never logged in. */
const people = ['移行 一子', '移行 二美', '移行 三恵'].map((name, at) => ({
  ...{ symbol: '700', number: String(at + 1), branch: '00', name, kana: 'イコウ', sex: '女' },
  ...{ birthDate: '1980-01-01', relationship: '本人', from: '2015-04-01' },
}));
const users = `ユーザID,保険者番号,記号,番号,メールアドレス,ログイン済み
mukashi01,${INSURER},700,1,ichiko@mail.example,1
mukashi02,${INSURER},700,2,fumi@mail.example,0
mukashi03,${INSURER},700,3,,1
`;

async function imported(page, society, kind, name, content, answers = {}) {
  await page.goto(society.at('/console/imports/new'));
  await page.getByRole('radio', { name: kind, exact: true }).check();
  for (const [label, value] of Object.entries(answers)) await page.getByLabel(label).fill(value);
  await page.getByLabel('ファイル ※必須').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
  await expect(page.getByRole('heading', { level: 1, name: '取込内容の確認' })).toBeVisible();
  await submit(page, page.getByRole('button', { name: '取り込む', exact: true }));
  await expect(page.getByRole('heading', { level: 1, name: new RegExp(`^取込\\d+ ${name}$`) })).toBeVisible();
}

/** Brings three users of an older system to the demo's minato by the console, who can come over until the end of the year. */
export async function bringOlderUsers(page, society) {
  await imported(page, society, '加入者台帳', 'register.csv', registerCsv(INSURER, people));
  await imported(page, society, '旧システム利用者', 'users.csv', users, { 最初のログインの期限: '2026-12-31' });
}
