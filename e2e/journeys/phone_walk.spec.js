import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { arrives, at, OWN_PASSWORD } from '../support/enrol.js';
import { findings, misfits, untranslated } from '../support/looks.js';
import { expect, newMail, test } from '../support/test.js';

test.use({ viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, reducedMotion: 'reduce' });

/** Somebody with a phone and a keyboard and nothing else, who looks at every screen. */
class Walker {
  constructor(page, society, lang, folder) {
    Object.assign(this, { page, society, lang, folder, screens: 0 });
  }

  /** Looks at a screen: a picture, axe, nothing beyond the edge, no sentence of the other language. */
  async look(name) {
    this.screens += 1;
    const number = String(this.screens).padStart(2, '0');
    await expect(this.page.locator('html')).toHaveAttribute('lang', this.lang);
    const file = path.join(this.folder, `${number}-${name}.png`);
    await this.page.screenshot({ path: file, fullPage: true, animations: 'disabled' });
    const { width } = this.page.viewportSize();
    expect(await findings(this.page), name).toEqual([]);
    expect(await misfits(this.page), `${name} at ${width} px`).toEqual([]);
    if (this.lang === 'en') expect(await untranslated(this.page, this.society.portal.societies), name).toEqual([]);
  }

  /** Presses Tab until this has the focus; the focus is seen wherever it comes. */
  async tabTo(target) {
    for (let step = 0; step < 60; step += 1) {
      await this.page.keyboard.press('Tab');
      const focus = this.page.locator(':focus');
      if ((await focus.count()) === 0) continue;
      const seen = await focus.evaluate((element) => {
        const outline = getComputedStyle(element.matches('.menu > summary') ? element : element).outlineStyle;
        return outline !== 'none' || element === document.querySelector('main');
      });
      expect(seen, `the focus is seen on ${await focus.evaluate((element) => element.outerHTML.slice(0, 80))}`).toBe(true);
      if (await target.evaluate((element) => element === document.activeElement)) {
        await expect(target).toBeInViewport();
        return;
      }
    }
    throw new Error(`Tab does not reach ${target}`);
  }

  /** Types into the field of this name. */
  async type(name, text) {
    const field = this.page.locator(`main [name="${name}"]:not([type=hidden])`);
    await this.tabTo(field);
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.type(text);
  }

  /** Chooses among radio buttons: Tab leads to the chosen one or the first, the arrows to the others. */
  async choose(name, value) {
    const radios = this.page.locator(`main [name="${name}"]`);
    const values = await radios.evaluateAll((radios) => radios.map((radio) => radio.value));
    const chosen = await radios.evaluateAll((radios) => radios.findIndex((radio) => radio.checked));
    await this.tabTo(radios.nth(Math.max(chosen, 0)));
    if (chosen < 0) await this.page.keyboard.press('Space');
    const from = Math.max(chosen, 0);
    const to = values.indexOf(value);
    for (let step = from; step !== to; step += Math.sign(to - from)) {
      await this.page.keyboard.press(to > from ? 'ArrowDown' : 'ArrowUp');
    }
    await expect(this.page.locator(`main [name="${name}"][value="${value}"]`)).toBeChecked();
  }

  /** Presses a button or follows a link, and waits for the page after it. */
  async press(target) {
    await this.tabTo(target);
    await Promise.all([this.page.waitForEvent('load'), this.page.keyboard.press('Enter')]);
  }

  /** Sends the form of this action. */
  send(action) {
    return this.press(this.page.locator(`form[action="${action}"] button[type=submit]`));
  }

  /** From the first page to the login form, in the walker's language. */
  async toLogin() {
    const { page, society } = this;
    await page.goto(society.url);
    if (this.lang === 'en') await this.press(page.locator('header a[hreflang=en]:visible'));
    await this.look('welcome');
    await this.press(page.locator('main a[href="/login"]'));
    await this.look('login');
  }

  /** Logs in on the form. */
  async logIn({ user_id, password }) {
    await this.type('user_id', user_id);
    await this.type('password', password);
    await this.page.keyboard.press('Enter');
    await this.page.waitForURL((url) => url.pathname !== '/login');
  }

  /** Out by the menu, and to the login form again. */
  async logOut() {
    const { page, society } = this;
    const menu = page.locator('.menu > summary');
    await this.tabTo(menu);
    await page.keyboard.press('Enter');
    await this.look('menu');
    await this.press(page.locator('.menu a[href="/logout"]'));
    await this.look('log-out');
    await this.send('/logout');
    await page.waitForURL(society.url);
    await this.press(page.locator('main a[href="/login"]'));
  }

  /** From the top page to the statement of a month. */
  async toStatement() {
    const { page } = this;
    await this.press(page.locator('main a[href="/expenses"]').first());
    await this.look('expenses');
    await this.tabTo(page.locator('.years summary').filter({ hasText: '2025' }));
    await page.keyboard.press('Enter');
    await this.press(page.locator('.years a[href*="month=2025-01"]'));
    await this.look('statement');
  }
}

for (const lang of ['ja', 'en']) {
  test(`renewed: from the postcard to the first statement, by keyboard alone (${lang})`, async ({ page, context, portal, engine }) => {
    const society = portal.society('minato');
    const folder = path.resolve(`test-results/walk/${engine}-renewed-${lang}`);
    await mkdir(folder, { recursive: true });
    const walker = new Walker(page, society, lang, folder);
    const account = society.account('kari000003');

    await walker.toLogin();
    await walker.logIn(account);
    await arrives(page, at.birthDate);
    await walker.look('birth-date');
    await walker.type('birth_date', '19000101');
    await walker.send(at.birthDate);
    await walker.look('birth-date-mistake');
    await walker.type('birth_date', account.birth_date);
    await walker.send(at.birthDate);
    await arrives(page, at.terms);
    await walker.look('terms');
    await walker.send(at.terms);
    await walker.look('address');
    await walker.type('email', 'Jibun@Mail.Example');
    await walker.send(at.email);
    await walker.look('address-sent');

    // The mail, on the same phone.
    const mail = await newMail(portal, 'minato', 'jibun@mail.example', 'email_verify');
    const first = walker.page;
    walker.page = await context.newPage();
    await walker.page.goto(mail.links[0]);
    await walker.look('link');
    await walker.press(walker.page.locator('main form button'));
    await arrives(walker.page, at.profile);
    await first.close();

    await walker.look('user-id-and-factor');
    await walker.type('user_id', 'jibun-no-id');
    await walker.choose('factor', 'app');
    await walker.send(at.profile);
    await walker.look('password');
    await walker.type('new_password', OWN_PASSWORD);
    await walker.type('new_password_again', OWN_PASSWORD);
    await expect(walker.page.locator('[data-strength-words]')).not.toBeEmpty();
    await walker.look('password-typed');
    await walker.send(at.password);
    await arrives(walker.page, '/factors/app');
    await walker.look('app');
    await walker.tabTo(walker.page.locator('main summary').first());
    await walker.page.keyboard.press('Enter');
    await walker.look('app-key');
    const totp_key = (await walker.page.locator('#key').innerText()).replaceAll(' ', '');
    await walker.type('code', await portal.appCode(totp_key));
    await walker.type('label', 'スマホ');
    await walker.send('/factors/app');
    await walker.page.waitForURL(society.url);
    await walker.look('top');

    await walker.logOut();
    await walker.logIn({ user_id: 'jibun-no-id', password: OWN_PASSWORD });
    await arrives(walker.page, '/login/factor');
    await walker.look('factor');
    await walker.type('code', await portal.appCode(totp_key));
    await walker.send('/login/factor/app');
    await walker.page.waitForURL(society.url);
    await walker.toStatement();
  });

  test(`classic: from the postcard to the first statement, by keyboard alone (${lang})`, async ({ page, portal, engine }) => {
    const society = portal.society('soyokaze');
    const folder = path.resolve(`test-results/walk/${engine}-classic-${lang}`);
    await mkdir(folder, { recursive: true });
    const walker = new Walker(page, society, lang, folder);
    const account = society.account('kari000003');

    await walker.toLogin();
    await walker.logIn(account);
    await arrives(page, at.identity);
    await walker.look('identity');
    await walker.send(at.identity);
    await walker.look('identity-mistakes');
    await walker.type('insurer_number', account.insurer_number);
    await walker.type('birth_date', account.birth_date);
    await walker.choose('relationship', 'insured');
    await walker.tabTo(page.locator('.terms'));
    await page.keyboard.press('End');
    await walker.choose('agreed', 'yes');
    await walker.send(at.identity);
    await arrives(page, at.details);
    await walker.look('details');
    await walker.type('user_id', 'jibunnoid1');
    await walker.type('new_password', OWN_PASSWORD);
    await walker.type('new_password_again', OWN_PASSWORD);
    await walker.type('email', 'jibun@mail.example');
    await walker.choose('expenses', 'no');
    await walker.send(at.details);
    await arrives(page, at.check);
    await walker.look('check');
    await walker.send(at.check);
    await arrives(page, at.done);
    await walker.look('done');
    await walker.press(page.locator('main a.button'));
    await page.waitForURL(society.url);
    await walker.look('top');
    await walker.logOut();
    await walker.logIn({ user_id: 'jibunnoid1', password: OWN_PASSWORD });
    await page.waitForURL(society.url);
    await walker.toStatement();
  });
}
