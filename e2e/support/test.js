import { test as base, expect } from '@playwright/test';

import { Portal } from './portal.js';

export { expect };

/** A test with a browser that may not complain; tests that extend it add the portal. */
export const bare = base.extend({
  engine: ['sqlite', { option: true, scope: 'worker' }],

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

/** A test with a portal of its own, whose clock begins at the same day. */
export const test = bare.extend({
  portal: [
    async ({ engine, context }, use) => {
      const portal = await Portal.start(engine);
      await use(portal);
      // A page may still ask for something.
      await context.close();
      await portal.stop();
    },
    { timeout: 120_000 },
  ],
});

/** Takes the complaints that an action of the test provokes out of what the browser complained of. */
export function expectComplaint(complaints, expected) {
  expect(complaints.filter((said) => expected.test(said)).length, `${expected}`).toBeGreaterThan(0);
  complaints.splice(0, complaints.length, ...complaints.filter((said) => !expected.test(said)));
}

/** Waits for a mail of this kind that no test has read yet, and reads it. */
export async function newMail(portal, society, to, kind) {
  let found;
  const look = async () => {
    const mails = await portal.mails(society, to);
    found = mails.find((mail) => mail.kind === kind && !portal.readMails.has(`${society}/${mail.id}`));
    return Boolean(found);
  };
  await expect.poll(look, { message: `a mail (${kind}) to ${to}` }).toBe(true);
  portal.readMails.add(`${society}/${found.id}`);
  return found;
}

/** Waits for the notice that says this: others may be on their way as well, in any order. */
export async function expectNotice(portal, society, to, words) {
  const notices = async () => (await portal.mails(society, to)).filter(({ kind }) => kind === 'notice').map(({ subject, text }) => `${subject}\n${text}`);
  await expect.poll(notices).toContainEqual(expect.stringContaining(words));
}

/** The code that a mail carries. */
export async function mailedCode(portal, society, to) {
  const { text } = await newMail(portal, society, to, 'mail_code');
  return /^\d{6}$/m.exec(text)[0];
}

/** Presses a button that sends a form, and waits for the page that answers. */
export async function submit(page, button) {
  await Promise.all([page.waitForEvent('load'), button.click()]);
}

/** Fills in the login form that the page shows, and sends it. */
export async function typeLogin(page, { user_id, password }) {
  await page.locator('#user_id').fill(user_id);
  await page.locator('#password').fill(password);
  await submit(page, page.locator('form[action="/login"] button[type=submit]'));
}

/** Proves the second factor that the page asks for, by app or mail. */
export async function proveFactor(page, { portal, society, email, totp_key }) {
  const byApp = await page.locator('form[action="/login/factor/app"]').count();
  await page.locator('#code').fill(byApp ? await portal.appCode(totp_key) : await mailedCode(portal, society, email));
  await submit(page, page.locator('main button[type=submit]').first());
  await page.waitForURL((url) => !url.pathname.startsWith('/login/factor'));
}

/** Logs in on the login form that the page shows, with the second factor where one is asked for. */
export async function logIn(page, account) {
  await typeLogin(page, account);
  await page.waitForURL((url) => url.pathname !== '/login');
  if (new URL(page.url()).pathname === '/login/factor') await proveFactor(page, account);
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
