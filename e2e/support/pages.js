import { Authenticator } from './authenticator.js';
import { published } from './console_pages.js';
import { arrives, at, enrolClassic, enrolUpTo, fillIn, fromPostcard, send } from './enrol.js';
import { asMember, newMail, proveFactor, submit, typeLogin } from './test.js';

/** Opens a path as anybody. */
const anybody = (path) => (page, society) => page.goto(society.at(path));

/** Opens a path as a member. */
const member = (path) => (page, society) => asMember(page, society, path);

/** Opens a step of renewed enrolment. */
const step = (path) => (page, society) => enrolUpTo(page, society, path);

/** Sends a page's form as somebody in a hurry does. */
const mistaken =
  (open, action, values = {}) =>
  async (page, society) => {
    await open(page, society);
    await fillIn(page, action, values);
    await page.locator('.error-summary').waitFor();
  };

/** Opens the page of the second factor. */
const factor = (way) => async (page, society) => {
  await page.goto(society.at('/login'));
  await typeLogin(page, society.account('testtaro01'));
  await page.goto(society.at(`/login/factor${way}`));
};

/** Types another address until the proof of the second factor is too old for that. */
const typedTooLong = async (page, society) => {
  await asMember(page, society, '/settings/email');
  await society.portal.advance(11 * 60);
  await fillIn(page, '/settings/email', { email: 'new.taro@mail.example' });
  await arrives(page, '/confirm');
};

/** Opens 本人確認 of the classic flow, or goes on to the page after it. */
const identity = async (page, society) => {
  await fromPostcard(page, society);
  await arrives(page, at.identity);
};
const details = async (page, society) => {
  await identity(page, society);
  const { insurer_number, birth_date } = society.account('kari000003');
  await fillIn(page, at.identity, { insurer_number, birth_date, relationship: 'insured', agreed: 'yes' });
  await arrives(page, at.details);
};

/** Asks for a mail, and opens its link. */
const link = (path, form, values, kind) => async (page, society) => {
  await page.goto(society.at(path));
  await fillIn(page, form, values);
  const mail = await newMail(society.portal, society.key, society.account('testtaro01').email, kind);
  await page.goto(mail.links[0]);
};

/** Opens the page of the first factor in the list. */
const ofFactor = (what) => async (page, society) => {
  await asMember(page, society, '/settings/login');
  await page.locator(`a[href$="/${what}"]`).first().click();
  await page.waitForURL((url) => url.pathname.endsWith(what));
};

/** Opens the link by which the mail of a publication is the last one. */
const unsubscribing = async (page, society) => {
  await published(page, society);
  const { email } = society.account('testtaro01');
  const mail = await newMail(society.portal, society.key, email, 'expenses_published');
  await page.goto(mail.links.find((link) => link.includes('/unsubscribe/')));
};

/**
 * Every page of the portal and every state of it that looks different: its name, the route it stands for, how to get
 * there, at which society (minato), whether it is shown only once, and which complaint of the browser belongs to it.
 */
export const pages = [
  { name: 'demo: societies', route: '/', open: (page, { portal }) => page.goto(portal.at('localhost', '/')) },
  { name: 'demo: mailbox', route: '/mailbox', open: (page, { portal }) => page.goto(portal.at('localhost', '/mailbox')) },
  { name: 'welcome', route: '/', open: anybody('/') },
  { name: 'login', route: '/login', open: anybody('/login') },
  {
    name: 'login, nothing typed',
    route: '/login',
    open: async (page, society) => {
      await page.goto(society.at('/login'));
      await page.locator('main button[type=submit]').click();
      await page.locator('.error-summary').waitFor();
    },
  },
  {
    name: 'login, wrong password',
    route: '/login',
    open: async (page, society) => {
      await page.goto(society.at('/login'));
      await typeLogin(page, { user_id: 'testtaro01', password: 'not-the-password' });
    },
  },
  { name: 'login, password changed', route: '/login', open: anybody('/login?password=changed') },
  { name: 'page not found', route: null, open: anybody('/nowhere'), complaint: /404 \(Not Found\)/ },
  {
    name: 'closed for maintenance',
    route: null,
    complaint: /503 \(Service Unavailable\)/,
    open: async (page, society) => {
      await society.portal.setClock('2026-09-17T19:30:00+09:00');
      await page.goto(society.at('/login'));
    },
  },
  { name: 'top page', route: '/', open: member('/') },
  { name: 'overview', route: '/expenses', open: member('/expenses') },
  { name: 'statement of a month', route: '/expenses/statement', open: member('/expenses/statement?month=2025-01') },
  { name: 'statement of a year', route: '/expenses/statement', open: member('/expenses/statement?year=2025') },
  {
    name: 'statement of everything',
    route: '/expenses/statement',
    open: async (page, society) => {
      await asMember(page, society, '/expenses/statement', 'mihon00002');
    },
  },
  {
    name: 'statement, claims in detail',
    route: '/expenses/statement',
    open: async (page, society) => {
      await asMember(page, society, '/expenses/statement?month=2022-12');
      await page.locator('details.parts summary:visible').first().click();
    },
  },
  { name: 'statement, a month to come', route: '/expenses/statement', open: member('/expenses/statement?month=2026-09') },
  { name: 'statement, nothing there', route: '/expenses/statement', open: member('/expenses/statement?member=0') },
  {
    name: 'statement, mistakes in the filter',
    route: '/expenses/statement',
    open: member('/expenses/statement?from=2025-03&to=2025-01'),
  },
  { name: 'deduction', route: '/deduction', open: member('/deduction') },
  { name: 'deduction of a year', route: '/deduction/{year}', open: member('/deduction/2025') },
  { name: 'log-out', route: '/logout', open: member('/logout') },

  { name: 'birth date', route: at.birthDate, open: step(at.birthDate) },
  { name: 'birth date, a mistake', route: at.birthDate, open: mistaken(step(at.birthDate), at.birthDate, { birth_date: '79' }) },
  {
    name: 'login, locked on the way',
    route: '/login/refused',
    once: true,
    open: async (page, society) => {
      await enrolUpTo(page, society, at.birthDate);
      for (let wrong = 1; wrong <= 5; wrong += 1) await fillIn(page, at.birthDate, { birth_date: `1900010${wrong}` });
      await arrives(page, '/login/refused');
    },
  },
  { name: 'terms', route: at.terms, open: step(at.terms) },
  { name: 'address', route: at.email, open: step(at.email) },
  {
    name: 'address, two mistakes',
    route: at.email,
    open: mistaken(step(at.email), at.email, { email: `a@${'b'.repeat(260)}.example` }),
  },
  { name: 'address, link on its way', route: at.emailSent, open: step(at.emailSent) },
  {
    name: 'address, sent again',
    route: null,
    once: true,
    open: async (page, society) => {
      await enrolUpTo(page, society, at.emailSent);
      await society.portal.advance(31);
      await send(page, '/enrolment/email/again');
    },
  },
  { name: 'user ID and factor', route: at.profile, open: step(at.profile) },
  { name: 'user ID, a mistake', route: at.profile, open: mistaken(step(at.profile), at.profile, { user_id: '?' }) },
  { name: 'new password', route: at.password, open: step(at.password) },
  { name: 'new password, a mistake', route: at.password, open: mistaken(step(at.password), at.password, { new_password: 'a' }) },
  { name: 'classic: identity', society: 'soyokaze', route: at.identity, open: identity },
  { name: 'classic: identity, mistakes', society: 'soyokaze', route: at.identity, open: mistaken(identity, at.identity) },
  { name: 'classic: details', society: 'soyokaze', route: at.details, open: details },
  { name: 'classic: details, mistakes', society: 'soyokaze', route: at.details, open: mistaken(details, at.details, { email: '?' }) },
  {
    name: 'classic: check',
    society: 'soyokaze',
    route: at.check,
    open: async (page, society) => {
      await details(page, society);
      const password = { new_password: 'Yuki-to-hashi-58', new_password_again: 'Yuki-to-hashi-58' };
      await fillIn(page, at.details, { user_id: 'jibunnoid1', ...password });
      await arrives(page, at.check);
    },
  },
  { name: 'classic: done', society: 'soyokaze', route: at.done, open: (page, society) => enrolClassic(page, society) },
  { name: 'classic: done, without an address', society: 'soyokaze', route: at.done, open: (page, society) => enrolClassic(page, society, { email: '' }) },

  { name: 'factor: app', route: '/login/factor', open: factor('') },
  { name: 'factor: app, a mistake', route: '/login/factor', open: mistaken(factor(''), '/login/factor/app', { code: '1' }) },
  { name: 'factor: mail', society: 'nanohana', route: '/login/factor', open: factor('') },
  {
    name: 'factor: passkey',
    route: '/login/factor',
    open: async (page, society) => {
      await asMember(page, society, '/settings/login');
      const authenticator = await Authenticator.of(page);
      await page.goto(society.at('/factors/passkey'));
      await page.locator('[data-passkey-button]').click();
      await arrives(page, '/settings/login');
      await page.context().clearCookies({ name: 'yui_session' });
      await authenticator.present(false);
      await factor('?way=passkey')(page, society);
    },
  },
  {
    name: 'factor: recovery code',
    society: 'fumitsuki',
    route: '/login/factor',
    open: async (page, society) => {
      await asMember(page, society, '/settings/recovery-codes');
      await send(page, '/settings/recovery-codes');
      await page.context().clearCookies({ name: 'yui_session' });
      await factor('?way=recovery')(page, society);
    },
  },
  {
    name: 'factor: given up',
    route: null,
    once: true,
    open: async (page, society) => {
      await factor('')(page, society);
      for (let wrong = 1; wrong <= 5; wrong += 1) await fillIn(page, '/login/factor/app', { code: `00000${wrong}` });
    },
  },
  {
    name: 'proof again',
    route: '/confirm',
    open: async (page, society) => {
      await asMember(page, society);
      await page.goto(society.at('/confirm?return_to=%2Fsettings%2Fpassword'));
    },
  },
  {
    name: 'login after the session ran out',
    route: '/login',
    open: anybody('/login?return_to=%2Fsettings%2Femail&ended=kept'),
  },
  { name: 'proof again, of what was typed', route: '/confirm', open: typedTooLong },
  {
    name: 'what was typed is back',
    route: '/settings/email',
    open: async (page, society) => {
      await typedTooLong(page, society);
      await fillIn(page, '/confirm', { password: society.account('testtaro01').password });
      await arrives(page, '/login/factor');
      await proveFactor(page, society.account('testtaro01'));
      await arrives(page, '/settings/email');
    },
  },
  { name: 'factors to register', route: '/factors', open: member('/factors') },
  { name: 'app to register', route: '/factors/app', open: member('/factors/app') },
  {
    name: 'app to register, mistakes',
    route: '/factors/app',
    open: mistaken(member('/factors/app'), '/factors/app'),
  },
  { name: 'codes by mail to register', route: '/factors/email', open: member('/factors/email') },
  {
    name: 'codes by mail, the first one',
    route: '/factors/email',
    once: true,
    open: async (page, society) => {
      await asMember(page, society, '/factors/email');
      await send(page, '/factors/email/send');
    },
  },
  { name: 'passkey to register', route: '/factors/passkey', open: member('/factors/passkey') },

  { name: 'forgotten password', route: '/forgotten/password', open: anybody('/forgotten/password') },
  { name: 'forgotten password, classic', society: 'midori', route: '/forgotten/password', open: anybody('/forgotten/password') },
  {
    name: 'forgotten password, mistakes',
    society: 'midori',
    route: '/forgotten/password',
    open: mistaken(anybody('/forgotten/password'), '/forgotten/password'),
  },
  {
    name: 'forgotten password, told',
    route: '/forgotten/password',
    open: async (page, society) => {
      await page.goto(society.at('/forgotten/password'));
      await fillIn(page, '/forgotten/password', { user_id: 'nobody00000' });
    },
  },
  { name: 'forgotten user ID', route: '/forgotten/user-id', open: anybody('/forgotten/user-id') },
  { name: 'forgotten user ID, in the welcome mail', society: 'soyokaze', route: '/forgotten/user-id', open: anybody('/forgotten/user-id') },
  { name: 'forgotten user ID, ask the society', society: 'nanohana', route: '/forgotten/user-id', open: anybody('/forgotten/user-id') },
  {
    name: 'link of a password',
    route: '/link/password/{token}',
    open: link('/forgotten/password', '/forgotten/password', { user_id: 'testtaro01' }, 'password_reset'),
  },
  {
    name: 'link of an address',
    route: '/link/email/{token}',
    open: async (page, society) => {
      const { email } = await enrolUpTo(page, society, at.emailSent);
      await page.goto((await newMail(society.portal, society.key, email, 'email_verify')).links[0]);
    },
  },
  { name: 'news by mail, to be stopped', route: '/unsubscribe/{token}', open: unsubscribing },
  {
    name: 'news by mail, stopped',
    route: null,
    once: true,
    open: async (page, society) => {
      await unsubscribing(page, society);
      await submit(page, page.locator('main form button[type=submit]'));
    },
  },
  { name: 'link that is dead', route: '/link/first/{token}', open: anybody('/link/first/nonsense') },

  { name: 'profile', route: '/settings', open: member('/settings') },
  { name: 'profile, classic', society: 'soyokaze', route: '/settings', open: member('/settings?done=saved') },
  { name: 'ways to log in', route: '/settings/login', open: member('/settings/login') },
  { name: 'ways to log in, recovery codes', society: 'fumitsuki', route: '/settings/login', open: member('/settings/login?done=added') },
  { name: 'ways to log in, classic', society: 'midori', route: '/settings/login', open: member('/settings/login') },
  {
    name: 'sessions',
    route: '/settings/sessions',
    open: async (page, society) => {
      await asMember(page, society);
      await page.context().clearCookies({ name: 'yui_session' });
      await asMember(page, society, '/settings/sessions');
    },
  },
  { name: 'user ID to change', route: '/settings/user-id', open: member('/settings/user-id') },
  { name: 'address to change', route: '/settings/email', open: member('/settings/email') },
  { name: 'password to change', route: '/settings/password', open: member('/settings/password') },
  { name: 'last factor, which stays', route: '/settings/factors/{id}/delete', open: ofFactor('delete') },
  {
    name: 'factor to delete',
    route: '/settings/factors/{id}/delete',
    open: async (page, society) => {
      await asMember(page, society, '/factors/app');
      const key = (await page.locator('#key').textContent()).replaceAll(' ', '');
      await fillIn(page, '/factors/app', { code: await society.portal.appCode(key), label: 'A' });
      await page.locator('a[href$="/delete"]').first().click();
      await page.waitForURL((url) => url.pathname.endsWith('delete'));
    },
  },
  { name: 'factor to rename', route: '/settings/factors/{id}/rename', open: ofFactor('rename') },
  { name: 'recovery codes', society: 'fumitsuki', route: '/settings/recovery-codes', open: member('/settings/recovery-codes') },
  {
    name: 'recovery codes, made',
    society: 'fumitsuki',
    route: '/settings/recovery-codes',
    once: true,
    open: async (page, society) => {
      await asMember(page, society, '/settings/recovery-codes');
      await send(page, '/settings/recovery-codes');
    },
  },
];

/** What the router serves besides pages. */
export const notPages = [
  ...['/healthz', '/readyz', '/assets/{name}', '/language', '/brand/{file}', '/demo.json', '/mailbox.json', '/mailbox/{society}/{mail_id}'],
  ...['/expenses/statement.pdf', '/deduction/{year}/notice.xml', '/deduction/{year}/portal.csv'],
  ...['/deduction/{year}/worksheet.xlsx', '/login/continue', '/enrolment/email/status', '/factors/app/qr/{question}'],
  ...['/.well-known/change-password', '/.well-known/passkey-endpoints'],
];
