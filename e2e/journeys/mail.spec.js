import axe from 'axe-core';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { asStaff } from '../support/console.js';
import { findings, misfits } from '../support/looks.js';
import { certificate, MailServer, parsed } from '../support/mail_server.js';
import { Portal } from '../support/portal.js';
import { bare, expect, submit } from '../support/test.js';

const user = 'portal@example.jp';
const password = 'p@ss:/word';

/** A portal with a mail server on this machine, in place of the one without. Its clock only goes forward. */
const test = bare.extend({
  server: [
    async ({}, use) => {
      const folder = await mkdtemp(path.join(process.env.YUI_TEST_RUN_FOLDER || tmpdir(), 'yui-e2e-mail-'));
      const [trusted, unknown] = [await certificate(folder, 'trusted'), await certificate(folder, 'unknown')];
      const server = await MailServer.start({ ...trusted, user, password });
      Object.assign(server, { trusted, unknown });
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],

  portal: [
    async ({ engine, server }, use) => {
      const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
      const settings = {
        YUI_SMTP_URL: `smtp://${login}@localhost:${server.port}`,
        YUI_SMTP_CA: server.trusted.root,
        YUI_SMTP_TIMEOUT: '3',
        YUI_LOG: 'warn,yui=info',
      };
      // The command line, which writes the mails, has the machine's clock.
      const portal = await Portal.start(engine, settings, null);
      await use(portal);
      await portal.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

/** Writes a mail and wakes the worker; returns its number. */
async function write(portal, to, minutes = 0) {
  const said = await portal.yui(['mail', 'test', '--society', 'minato', '--to', to, '--minutes', String(minutes)]);
  await portal.advance(0);
  return /^mail (\d+) written$/m.exec(said)[1];
}

/** The line of the list that shows a mail: what it is, masked address, tries, where it stands, why. */
async function line(portal, id, ...filter) {
  const list = await portal.yui(['mail', 'list', '--society', 'minato', ...filter]);
  const fields = list.split('\n').map((line) => line.split('\t')).find(([number]) => number === id);
  if (!fields) return 'not there';
  const [, kind, to, tries, state, why] = fields;
  return [kind, to, tries, state.split(' ')[0], why].join('|');
}

const settles = (portal, id) => expect.poll(() => line(portal, id));

test('a mail arrives, private, in both forms, as a mail program wants it', async ({ portal, server, page }) => {
  const id = await write(portal, 'taro@example.jp');
  await settles(portal, id).toBe('test|t***@example.jp|1|sent|');
  const [mail, ...more] = server.to('taro@example.jp');
  expect(more).toEqual([]);
  expect(mail.secure).toBe(true);
  expect(mail.envelope.mailFrom.address).toBe('webmaster@minato.localhost');
  expect(mail.raw).toMatch(/^[\r\n\t\x20-\x7e]*$/);
  expect(mail.raw.split('\r\n').filter((line) => line.length > 78)).toEqual([]);

  const { headers, parts } = parsed(mail.raw);
  const society = portal.society('minato');
  // Where the command line, which knows nothing of the demo's port, sees the portal.
  const address = 'https://minato.localhost/';
  expect(headers.from).toMatch(new RegExp(`^"?${society.name}"? <webmaster@minato.localhost>$`));
  expect(headers.to).toBe('taro@example.jp');
  expect(headers.subject).toBe('メールの試験');
  expect(headers['mime-version']).toBe('1.0');
  expect(headers['auto-submitted']).toBe('auto-generated');
  expect(headers['message-id']).toMatch(/^<[0-9a-f]{32}@minato\.localhost>$/);
  expect(Math.abs(Date.parse(headers.date) - (await portal.advance(0)))).toBeLessThan(60_000);
  expect(headers['content-type']).toMatch(/^multipart\/alternative/);
  expect(parts.map((part) => part.headers['content-type'])).toEqual(['text/plain; charset=utf-8', 'text/html; charset=utf-8']);
  const [text, html] = parts.map((part) => part.text);
  expect(text.split('\r\n')).toContain(address);
  expect(html).toContain(`href="${address}"`);
  expect(text).toContain('届くことを確かめるため');

  // The mailbox has it as well, in both forms, and axe has nothing to say.
  const [kept] = JSON.parse((await portal.get('localhost', '/mailbox.json?to=taro@example.jp')).text);
  expect([kept.subject, kept.society, kept.from]).toEqual(['メールの試験', 'minato', 'webmaster@minato.localhost']);
  expect(kept.links).toContain(address);
  for (const where of ['/mailbox?to=taro@example.jp', `/mailbox/minato/${id}`]) {
    await page.goto(portal.at('localhost', where));
    await expect(page.getByText('届くことを確かめるため')).toBeVisible();
    await expect(page.getByRole('link', { name: address, exact: true }).first()).toHaveAttribute('href', address);
  }
  await page.goto(portal.at('localhost', '/mailbox'));
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  expect(violations.map((violation) => violation.id)).toEqual([]);
  await page.getByRole('link', { name: 'HTML版を表示する' }).first().click();
  await expect(page.getByRole('link', { name: 'ポータルを開く' })).toHaveAttribute('href', address);
});

test('a mail of tomorrow waits until tomorrow', async ({ portal, server }) => {
  const id = await write(portal, 'tomorrow@example.jp', 24 * 60);
  await portal.advance(23 * 3600);
  await settles(portal, await write(portal, 'today@example.jp')).toContain('|sent|');
  expect(await line(portal, id)).toBe('test|t***@example.jp|0|due|');
  await portal.advance(3600);
  await settles(portal, id).toBe('test|t***@example.jp|1|sent|');
  expect(server.to('tomorrow@example.jp')).toHaveLength(1);
});

test('a refused mail is given up at once, and tried again by hand', async ({ portal, server }) => {
  const id = await write(portal, 'refused@example.jp');
  await settles(portal, id).toBe('test|r***@example.jp|1|failed|the mail server answered 550');
  expect(await line(portal, id, '--failed')).toContain('|failed|');
  await portal.advance(3 * 86_400);
  await settles(portal, await write(portal, 'another@example.jp')).toContain('|sent|');
  expect(server.attempts.filter((address) => address === 'refused@example.jp')).toHaveLength(1);

  expect(await portal.yui(['mail', 'retry', '--society', 'minato', id])).toContain('tried again');
  await portal.advance(0);
  await expect.poll(() => server.attempts.filter((address) => address === 'refused@example.jp').length).toBe(2);
  await expect(portal.yui(['mail', 'retry', '--society', 'minato', '999999'])).rejects.toThrow(/not among those given up/);
  // Neither the address nor the server's words, which hold it, are in the log.
  expect(portal.log).toContain('r***@example.jp');
  for (const secret of ['refused@', 'said no', 'メールの試験', password]) expect(portal.log).not.toContain(secret);
});

test('what was given up is told on the console, and tried again there', async ({ portal, server, page }) => {
  const minato = portal.society('minato');
  const id = await write(portal, 'refused@desk.example');
  await settles(portal, id).toContain('|failed|');
  await asStaff(page, minato, '/console', 'desk');
  await submit(page, page.getByRole('link', { name: /^この30日に届けられなかったメールが/ }));
  const row = page.getByRole('row').filter({ hasText: 'r***@desk.example' });
  await expect(row).toContainText('メールの試験');
  await expect(row).toContainText('宛先のメールアドレスがないか、受け取ってもらえませんでした。');
  await expect(row).toContainText('550');
  for (const width of [375, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    expect([...(await misfits(page)), ...(await findings(page))], `${width} px`).toEqual([]);
  }
  await submit(page, row.getByRole('button', { name: /^もう一度送る/ }));
  await expect(page.getByRole('status')).toContainText('もう一度送る指示を受け付けました。');
  await expect.poll(() => server.attempts.filter((address) => address === 'refused@desk.example').length).toBe(2);
});

test('a mail put off is tried again when its time has come', async ({ portal, server }) => {
  const id = await write(portal, 'later@example.jp');
  await settles(portal, id).toBe('test|l***@example.jp|1|due|the mail server answered 451');
  await portal.advance(61);
  await settles(portal, id).toBe('test|l***@example.jp|2|sent|');
  expect(server.to('later@example.jp')).toHaveLength(1);
});

test('a server that does not answer holds up nobody', async ({ portal, server, page }) => {
  const id = await write(portal, 'slow@example.jp');
  await expect.poll(() => server.attempts.includes('slow@example.jp')).toBe(true);
  const before = performance.now();
  await page.goto(portal.society('fumitsuki').at('/login'));
  await expect(page.getByLabel('ユーザID')).toBeVisible();
  expect(performance.now() - before).toBeLessThan(2_000);
  await settles(portal, id).toBe('test|s***@example.jp|1|due|the mail server took too long');
  await portal.advance(61);
  await settles(portal, id).toBe('test|s***@example.jp|2|sent|');
  expect(server.to('slow@example.jp')).toHaveLength(1);
});

test('a connection that breaks half-way costs a try, and the mail arrives once', async ({ portal, server }) => {
  const id = await write(portal, 'cut@example.jp');
  await settles(portal, id).toMatch(/^test\|c\*\*\*@example\.jp\|1\|due\|\S/);
  expect(server.to('cut@example.jp')).toEqual([]);
  await portal.advance(61);
  await settles(portal, id).toBe('test|c***@example.jp|2|sent|');
  await portal.advance(86_400);
  await settles(portal, await write(portal, 'after@example.jp')).toContain('|sent|');
  expect(server.to('cut@example.jp')).toHaveLength(1);
});

test('to a server whose certificate nobody vouches for, nothing is said', async ({ portal, server }) => {
  server.show(server.unknown);
  const logins = server.logins;
  const id = await write(portal, 'private@example.jp');
  await settles(portal, id).toMatch(/^test\|p\*\*\*@example\.jp\|1\|due\|.*certificate/);
  expect([server.logins, server.attempts.includes('private@example.jp')]).toEqual([logins, false]);
  server.show(server.trusted);
  await portal.advance(61);
  await settles(portal, id).toBe('test|p***@example.jp|2|sent|');
});

test('doctor says whether the mail server lets us in, also by TLS from the first byte', async ({ portal, server }) => {
  const doctor = async (url, root = server.trusted.root) => {
    const settings = { YUI_SMTP_URL: url, YUI_SMTP_CA: root, YUI_SMTP_TIMEOUT: '3' };
    const { stdout } = await portal.yui(['doctor'], '', settings).then((stdout) => ({ stdout }), (error) => error);
    return /^(ok|missing) +mail server: (.*)$/m.exec(stdout)?.slice(1).join(': ');
  };
  const secure = await MailServer.start({ ...server.trusted, user, password, secure: true });
  const login = (secret) => `${encodeURIComponent(user)}:${encodeURIComponent(secret)}@localhost`;
  expect(await doctor(`smtps://${login(password)}:${secure.port}`)).toBe('ok: lets us in');
  expect(await doctor(`smtp://${login(password)}:${server.port}`)).toBe('ok: lets us in');
  expect(await doctor(`smtp://${login('wrong')}:${server.port}`)).toBe('missing: the mail server answered 535');
  expect(await doctor(`smtps://${login(password)}:${secure.port}`, server.unknown.root)).toMatch(/^missing: .*certificate/);
  // A server that speaks in the clear where privacy is wanted, and the other way round.
  expect(await doctor(`smtps://${login(password)}:${server.port}`)).toMatch(/^missing: /);
  expect(await doctor(`smtp://${login(password)}:${secure.port}`)).toMatch(/^missing: /);
  await secure.stop();
});
