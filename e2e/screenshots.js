// Pictures of the portal for docs/screenshots: `cargo xtask screenshots`.
import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { chromium } from '@playwright/test';

import { launch } from './support/chromium.js';
import { Portal } from './support/portal.js';
import { asStaff, lookFor } from './support/console.js';
import { expensesCsv, referenceExpenses } from './support/csv.js';
import { asMember, download, submit } from './support/test.js';

const run = promisify(execFile);

/** The day in the pictures. */
const DAY = '2026-11-20T12:00:00+09:00';
const LARGEST = 250_000;

const folder = path.resolve('../docs/screenshots');

const devices = {
  desktop: { viewport: { width: 1280, height: 800 }, tallest: 1500 },
  phone: { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, tallest: 1300, isMobile: true, hasTouch: true },
};

/** The devices that a picture is taken on: all, unless it says which. */
const devicesOf = ({ only }) => Object.entries(devices).filter(([device]) => !only || device === only);

const member = (where) => (page, society) => asMember(page, society, where);
const pictures = [
  { name: 'demo', open: (page, society, portal) => page.goto(portal.at('localhost', '/')) },
  { name: 'welcome', open: (page, society) => page.goto(society.url) },
  { name: 'login', open: (page, society) => page.goto(society.at('/login')) },
  {
    name: 'login-error',
    open: async (page, society) => {
      await page.goto(society.at('/login'));
      await page.locator('#user_id').fill('testtaro01');
      await page.locator('main button[type=submit]').click();
      await page.locator('.error-summary').waitFor();
    },
  },
  {
    name: 'enrolment',
    open: async (page, society) => {
      await page.goto(society.at('/login'));
      await page.locator('#user_id').fill('kari000003');
      await page.locator('#password').fill(society.account('kari000003').password);
      await page.locator('main form[action="/login"] button[type=submit]').click();
      await page.locator('#birth_date').waitFor();
    },
  },
  { name: 'top', open: member('/') },
  { name: 'login-methods', open: member('/settings/login') },
  { name: 'overview', open: member('/expenses') },
  { name: 'statement-month', open: member('/expenses/statement?month=2025-01') },
  { name: 'statement-month-dark', open: member('/expenses/statement?month=2025-01'), colorScheme: 'dark' },
  { name: 'statement-month-english', open: member('/expenses/statement?month=2025-01'), lang: 'en' },
  { name: 'statement-year', open: member('/expenses/statement?year=2025') },
  { name: 'deduction-year', open: member('/deduction/2025') },
  { name: 'console', only: 'desktop', open: (page, society) => asStaff(page, society, '/console') },
  {
    name: 'console-members',
    only: 'desktop',
    open: async (page, society) => {
      await asStaff(page, society, '/console/members');
      await lookFor(page, 'テスト');
    },
  },
  { name: 'console-settings', only: 'desktop', open: (page, society) => asStaff(page, society, '/console/settings') },
  {
    name: 'console-import',
    only: 'desktop',
    open: async (page, society) => {
      await asStaff(page, society, '/console/imports/new');
      await page.getByRole('radio', { name: '医療費', exact: true }).check();
      const file = expensesCsv('06139034', referenceExpenses.map(([, ...rest], at) => [`N${at}`, ...rest]), '2026-09');
      await page.getByLabel('ファイル ※必須').setInputFiles({ name: 'expenses-2026-09.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
      await submit(page, page.getByRole('button', { name: '送って確認する' }));
      await page.getByRole('heading', { level: 1, name: '取込内容の確認' }).waitFor();
    },
  },
];

async function take(browser, portal, picture, device, { tallest, ...settings }) {
  const context = await browser.newContext({
    ...settings,
    colorScheme: picture.colorScheme ?? 'light',
    reducedMotion: 'reduce',
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
  });
  const page = await context.newPage();
  await picture.open(page, portal.society('minato'), portal);
  if (picture.lang) {
    await context.addCookies([{ name: 'yui_lang', value: picture.lang, url: portal.society('minato').url }]);
    await page.reload();
  }
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: settings.viewport.width, height: Math.min(height, tallest) });
  await page.screenshot({ path: path.join(folder, `${picture.name}-${device}.png`), animations: 'disabled', caret: 'hide' });
  await context.close();
}

async function takePdf(browser, portal) {
  const page = await browser.newPage();
  await asMember(page, portal.society('minato'), '/expenses/statement?year=2025');
  const pdf = await download(page, () => page.getByRole('link', { name: '医療費明細（PDF）' }).click());
  const picture = path.join(folder, 'statement-pdf');
  await run('pdftoppm', ['-png', '-r', '80', '-f', '1', '-singlefile', pdf.path, picture]);
  await page.close();
}

async function all(browser, portal) {
  for (const picture of pictures) {
    for (const [device, settings] of devicesOf(picture)) await take(browser, portal, picture, device, settings);
  }
  await takePdf(browser, portal);
}

await mkdir(folder, { recursive: true });
const portal = await Portal.start('sqlite', {}, DAY);
try {
  const browser = await chromium.launch(launch);
  try {
    await all(browser, portal);
  } finally {
    await browser.close();
  }
} finally {
  await portal.stop();
}
const names = pictures.flatMap((picture) => devicesOf(picture).map(([device]) => `${picture.name}-${device}.png`));
for (const name of [...names, 'statement-pdf.png']) {
  const { size } = await stat(path.join(folder, name));
  console.log(`${String(size).padStart(8)}  ${name}`);
  if (size > LARGEST) process.exitCode = 1;
}
if (process.exitCode) console.error(`a picture is larger than ${LARGEST} bytes`);
