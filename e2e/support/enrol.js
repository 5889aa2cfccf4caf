import { expect, newMail, submit, typeLogin } from './test.js';

/** The password that journeys enrol with: letters, digits and signs, not of the lists. */
export const OWN_PASSWORD = 'Yuki-to-hashi-58';

/** Where each step of enrolment is. */
export const at = {
  birthDate: '/enrolment/birth-date',
  terms: '/login/terms',
  email: '/enrolment/email',
  emailSent: '/enrolment/email/sent',
  profile: '/enrolment/user-id',
  password: '/login/password',
  identity: '/enrolment/identity',
  details: '/enrolment/details',
  check: '/enrolment/check',
  done: '/enrolment/done',
};

/** Sends the form that the page shows, by its button. */
export const send = (page, action) => submit(page, page.locator(`form[action="${action}"] button[type=submit]`));

/** Waits until the page is the one of this path. */
export const arrives = (page, path) => page.waitForURL((url) => url.pathname === path);

/** The words of the errors in the summary on top of the page, which has the focus. */
export async function faults(page) {
  await expect(page.locator('.error-summary')).toBeFocused();
  return page.locator('.error-summary li').allInnerTexts();
}

/** Fills in fields by name and sends their form. */
export async function fillIn(page, action, values) {
  for (const [id, value] of Object.entries(values)) {
    const field = page.locator(`form[action="${action}"] [name="${id}"]`);
    if ((await field.first().getAttribute('type')) === 'radio') await page.locator(`#${id}-${value}`).check();
    else await field.fill(value);
  }
  await send(page, action);
}

/** Opens the login page and logs in with the pair of the postcard. */
export async function fromPostcard(page, society, userId = 'kari000003') {
  const account = society.account(userId);
  await page.goto(society.at('/login'));
  await typeLogin(page, account);
  await page.waitForURL((url) => url.pathname !== '/login');
  return account;
}

/** Opens the link of a mail in this page, and presses its button. */
export async function openLink(page, mail) {
  await page.goto(mail.links.find((link) => new URL(link).pathname.startsWith('/link/')));
  await submit(page, page.locator('main form[action^="/link/"] button'));
}

/** Renewed enrolment up to the step before this one; `given` says what is typed. */
export async function enrolUpTo(page, society, step, given = {}) {
  const { portal } = society;
  const account = await fromPostcard(page, society, given.postcard);
  const email = given.email ?? account.email;
  const steps = [
    [at.birthDate, () => fillIn(page, at.birthDate, { birth_date: account.birth_date })],
    [at.terms, () => send(page, at.terms)],
    [at.email, () => fillIn(page, at.email, { email })],
    [
      at.emailSent,
      async () => {
        await openLink(page, await newMail(portal, society.key, email.toLowerCase(), 'email_verify'));
      },
    ],
    [at.profile, () => fillIn(page, at.profile, { user_id: given.user_id ?? 'jibun-no-id', factor: given.factor ?? 'email' })],
    [
      at.password,
      () => {
        const password = given.password ?? OWN_PASSWORD;
        return fillIn(page, at.password, { new_password: password, new_password_again: password });
      },
    ],
  ];
  for (const [path, act] of steps) {
    await arrives(page, path);
    if (path === step) break;
    await act();
  }
  return { ...account, user_id: given.user_id ?? 'jibun-no-id', password: given.password ?? OWN_PASSWORD, email: email.toLowerCase() };
}

/** All of renewed enrolment, to the top page or to the factor that is to be registered. */
export async function enrol(page, society, given) {
  const account = await enrolUpTo(page, society, null, given);
  await page.waitForURL((url) => url.pathname !== at.password);
  return account;
}

/** All of classic enrolment; `given` says what is typed. */
export async function enrolClassic(page, society, given = {}) {
  const account = await fromPostcard(page, society);
  const user_id = given.user_id ?? 'jibunnoid1';
  const password = given.password ?? OWN_PASSWORD;
  await arrives(page, at.identity);
  const kind = society.key === 'soyokaze' ? { relationship: 'insured' } : {};
  const identity = { insurer_number: account.insurer_number, birth_date: account.birth_date, ...kind, agreed: 'yes' };
  await fillIn(page, at.identity, identity);
  await arrives(page, at.details);
  const email = given.email ?? account.email;
  await fillIn(page, at.details, { user_id, new_password: password, new_password_again: password, email, expenses: given.expenses ?? 'yes' });
  await arrives(page, at.check);
  await send(page, at.check);
  await arrives(page, at.done);
  return { ...account, user_id, password, email };
}
