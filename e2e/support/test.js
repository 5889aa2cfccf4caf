import { test as base, expect } from '@playwright/test';

import { Portal } from './portal.js';

export { expect };

/**
 * The day of every journey, whenever it is run: of a two-year society's window January 2025 is a part, and October 2021
 * of a five-year one's.
 */
export const TODAY = '2026-09-15T12:00:00+09:00';

export const test = base.extend({
  engine: ['sqlite', { option: true, scope: 'worker' }],

  portal: [
    async ({ engine }, use) => {
      const portal = await Portal.start(engine);
      await use(portal);
      await portal.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  /** The portal's clock stands at TODAY when a test begins. */
  today: [
    async ({ portal }, use) => {
      await portal.setClock(TODAY);
      await use();
    },
    { auto: true },
  ],

  /** What the browser complained of; a test that expects a complaint takes it out. */
  complaints: [
    async ({ context }, use) => {
      const complaints = [];
      context.on('console', (message) => {
        if (!['error', 'warning'].includes(message.type())) return;
        complaints.push(`${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => complaints.push(String(error.error())));
      await use(complaints);
      expect(complaints, 'what the browser complained of').toEqual([]);
    },
    { auto: true },
  ],
});

/** Fills in the login form that the page shows, and waits for what follows. */
export async function logIn(page, { user_id, password }) {
  await page.getByLabel('ユーザID').fill(user_id);
  await page.getByLabel('パスワード ※必須').fill(password);
  await page.getByRole('button', { name: 'ログインする' }).click();
}

/** Opens a society's page as a member of it. */
export async function asMember(page, society, where = '/', userId = 'testtaro01') {
  await page.goto(society.at(`/login?return_to=${encodeURIComponent(where)}`));
  await logIn(page, society.account(userId));
  await page.waitForURL(society.at(where));
}

/** The cells of a table's rows, without surrounding white space. */
export async function cells(rows) {
  return rows.evaluateAll((rows) =>
    rows.map((row) => [...row.children].map((cell) => cell.innerText.trim().replaceAll(/\s*\n\s*/g, '|'))),
  );
}

/** `1,234円` as a number. */
export function yen(text) {
  const digits = /-?[\d,]+/.exec(text);
  if (!digits) throw new Error(`no amount: ${text}`);
  return Number(digits[0].replaceAll(',', ''));
}

/** Takes the file that an action of the browser brings. */
export async function download(page, act) {
  const [file] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: file.suggestedFilename(), path: await file.path() };
}
