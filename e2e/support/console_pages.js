import { asStaff, lookFor } from './console.js';
import { expensesCsv } from './csv.js';
import { bringOlderUsers } from './older_users.js';
import { expect, newMail, submit } from './test.js';

/** Opens a path of the console as a member of staff. */
const staff =
  (path, role = 'admin') =>
  (page, society) =>
    asStaff(page, society, path, role);

/** Opens a path of the console as anybody. */
const anybody = (path) => (page, society) => page.goto(society.at(path));

/** Sends the form with this action as it stands. */
const sent = (open, action) => async (page, society) => {
  await open(page, society);
  await submit(page, page.locator(`form[action="${action}"] button[type=submit]`));
  await page.locator('.error-summary').waitFor();
};

/** Opens the invitation that the console mails to somebody new. */
const invited = async (page, society) => {
  await asStaff(page, society, '/console/staff/new');
  await page.getByLabel('氏名').fill('見本 次郎');
  await page.getByLabel('メールアドレス').fill('jiro@mail.example');
  await page.getByLabel('窓口').check();
  await submit(page, page.getByRole('button', { name: '招待する' }));
  const { links } = await newMail(society.portal, society.key, 'jiro@mail.example', 'staff_invitation');
  await page.context().clearCookies({ name: 'yui_console' });
  await page.goto(links[0]);
};

const answered = async (page, society) => {
  await invited(page, society);
  await page.locator('#new_password').fill('Umi-no-oto-2026-x');
  await page.locator('#new_password_again').fill('Umi-no-oto-2026-x');
  await submit(page, page.locator('main form button[type=submit]'));
  await page.waitForURL((url) => url.pathname === '/console/register');
};

/** Invites somebody when the proof of the second factor is too old for that. */
const typedTooLong = async (page, society) => {
  await asStaff(page, society, '/console/staff/new');
  await page.getByLabel('氏名').fill('見本 次郎');
  await page.getByLabel('メールアドレス').fill('jiro@mail.example');
  await page.getByLabel('窓口').check();
  await society.portal.advance(21 * 60);
  await submit(page, page.getByRole('button', { name: '招待する' }));
  await page.getByRole('heading', { level: 1, name: '本人の再確認' }).waitFor();
};

/** The demo society minato's. */
const INSURER = '06139034';

const FIRST_BATCH = '/console/imports/2';

/** Sends an expense file with two mistakes, and waits for what its check finds. */
const checked = async (page, society) => {
  await asStaff(page, society, '/console/imports/new');
  await page.getByLabel('医療費', { exact: true }).check();
  const expenses = [['X1', '00', 'みほん医院', '通院', [1000, 700, 0, 300]]];
  const wrong = [['X2', '09', 'みほん医院', '通院', [1000, 700, 0, 300]]];
  const text = expensesCsv(INSURER, [...expenses, ...wrong], '2026-06');
  await page.getByLabel('ファイル ※必須').setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
  await page.getByRole('heading', { level: 1, name: '取込内容の確認' }).waitFor();
};

/** Makes a column profile from the header of a file, and opens it. */
const profile = async (page, society) => {
  await asStaff(page, society, '/console/imports/profiles/new');
  await page.getByLabel('医療費', { exact: true }).check();
  await page.getByLabel('名前 ※必須').fill('みほんシステム');
  const text = '証記号,証番号,受診年月,医療機関名称,種別,実日数,総医療費,給付額,公費,一部負担金\r\n';
  await page.getByLabel('見出しのあるCSVファイル ※必須').setInputFiles({ name: 't.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await submit(page, page.getByRole('button', { name: '見出しを読み取る' }));
  await page.getByRole('heading', { level: 2, name: '削除' }).waitFor();
};

/** Saves a column profile that lacks columns. */
const profileMistaken = async (page, society) => {
  await profile(page, society);
  await submit(page, page.getByRole('button', { name: '保存する' }));
  await page.locator('.error-summary').waitFor();
};

const profileList = async (page, society) => {
  await profile(page, society);
  await page.goto(society.at('/console/imports/profiles'));
};

const REGISTER_HEADER = '保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日';

/** Sends a register in which somebody known has other numbers, and waits for its check. */
const registerChecked = async (page, society) => {
  await asStaff(page, society, '/console/imports/new');
  await page.getByLabel('加入者台帳', { exact: true }).check();
  const rows = [
    '990,7,00,テスト 太郎,テスト タロウ,男,1979-08-22,本人,2026-04-01,',
    '990,8,00,試作 新一,シサク シンイチ,男,1990-01-01,本人,2026-04-01,',
  ];
  const text = [REGISTER_HEADER, ...rows.map((row) => `${INSURER},${row}`), ''].join('\r\n');
  await page.getByLabel('ファイル ※必須').setInputFiles({ name: 'r.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await submit(page, page.getByRole('button', { name: '送って確認する' }));
  await page.getByRole('heading', { level: 2, name: /^要確認/ }).waitFor();
};

/** The list of those about whom staff are asked. */
const registerQuestions = async (page, society) => {
  await registerChecked(page, society);
  await submit(page, page.getByRole('button', { name: '取り込む' }));
  await page.waitForURL(/\/console\/imports\/\d+$/);
  await page.goto(society.at('/console/imports/questions'));
};

const applied = async (page, society) => {
  await checked(page, society);
  await submit(page, page.getByRole('button', { name: '取り込む' }));
  await page.waitForURL(/\/console\/imports\/\d+$/);
};

/** Publishes a file of one expense; its household is told by mail. */
export const published = async (page, society) => {
  await applied(page, society);
  await page.getByRole('link', { name: '公開する' }).click();
  await submit(page, page.getByRole('button', { name: '公開する' }));
  await page.getByRole('status').waitFor();
};

/** The claims of nobody in the register: the list, after the file with one was imported. */
const unmatched = async (page, society) => {
  await applied(page, society);
  await page.goto(society.at('/console/imports/unmatched'));
};

/** The first claim of the newest file. */
const claim = async (page, society) => {
  await applied(page, society);
  await page.getByRole('link', { name: '請求を1件ずつ見る・直す' }).click();
  await page.locator('tbody th a').first().click();
  await page.getByRole('heading', { level: 1, name: '請求の内容' }).waitFor();
};

const SEARCH = '/console/members';

/** Looks for whom this finds. */
const search = (typed) => async (page, society) => {
  await asStaff(page, society, SEARCH);
  await lookFor(page, typed);
};

/** Looks for somebody who is found by this, and opens what the console has of them, or one of its acts. */
const member =
  (typed, act = '') =>
  async (page, society) => {
    await search(typed)(page, society);
    await page.locator('tbody th a').first().click();
    await page.waitForURL(/\/console\/members\/\d+$/);
    if (act) await page.goto(`${page.url()}/${act}`);
  };

/** The same after an act was done: the page that tells so, or the act that takes it back. */
const memberAfter = (typed, before, act) => async (page, society) => {
  await member(typed, before)(page, society);
  for (const field of await page.locator('main form textarea').all()) await field.fill('本人の申出');
  await submit(page, page.locator('main form button[type=submit]'));
  if (act) await page.goto(page.url().replace(/\?.*/, `/${act}`));
};

/** The form of an act, sent as it stands. */
const memberMistakes = (typed, act) => async (page, society) => {
  await member(typed, act)(page, society);
  await submit(page, page.locator('main form button[type=submit]'));
  await page.locator('.error-summary').waitFor();
};

/** What somebody sees of a month, after a reason was given. */
const memberStatement = async (page, society) => {
  await member('testtaro01', 'statement')(page, society);
  await page.getByLabel('診療年月').selectOption('2025-01');
  for (const field of await page.locator('main form textarea').all()) await field.fill('電話での問い合わせ');
  await submit(page, page.locator('main form button[type=submit]'));
  await page.locator('.table-wide, .cards').first().waitFor({ state: 'attached' });
};

/** The acts on somebody, by the route; who it can be done to. */
const acts = [
  ['unlock', member('rokku00004', 'unlock')],
  ['sign-out', member('testtaro01', 'sign-out')],
  ['factors', member('testtaro01', 'factors')],
  ['pair', member('kari000003', 'pair')],
  ['user-id', member('testtaro01', 'user-id')],
  ['stop', member('testtaro01', 'stop')],
  ['resume', memberAfter('testtaro01', 'stop', 'resume')],
  ['statement', member('testtaro01', 'statement')],
  ['objection', member('800-1234-01', 'objection')],
  ['objection-end', memberAfter('800-1234-01', 'objection', 'objection-end')],
  ['non-disclosure', member('800-1234-01', 'non-disclosure')],
  ['certificate', memberAfter('800-1234-01', 'non-disclosure', 'certificate')],
  ['non-disclosure-end', memberAfter('800-1234-01', 'non-disclosure', 'non-disclosure-end')],
];

/** Types when users of an older system are to be told, and goes to the check. */
const announcing = (on) => async (page, society) => {
  await asStaff(page, society, '/console/migration', 'benefits');
  await bringOlderUsers(page, society);
  await page.goto(society.at('/console/migration'));
  await page.getByLabel('送る日').fill(on);
  await submit(page, page.getByRole('button', { name: '確認へ進む' }));
};

/** Has users of an older system told, by mails that wait. */
const announced = async (page, society) => {
  await announcing('2026-09-16')(page, society);
  await submit(page, page.getByRole('button', { name: '2人に送る' }));
  await expect(async () => {
    await page.reload();
    await expect(page.getByText('2通を用意')).toBeVisible({ timeout: 500 });
  }).toPass();
};

/** Sends totals of an older system that are others than what is imported. */
const reconciled = async (page, society) => {
  await asStaff(page, society, '/console/migration/reconcile', 'benefits');
  const text = `保険者番号,記号,番号,診療年月,件数,医療費総額,自己負担額\r\n${INSURER},800,1234,2025-01,3,27120,3721\r\n`;
  await page.getByLabel('合計のファイル').setInputFiles({ name: 'totals.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await submit(page, page.getByRole('button', { name: '照合する' }));
  await page.locator('#differences').waitFor();
};

/** As `pages`, for the console. */
export const consolePages = [
  { name: 'login', route: '/console/login', open: anybody('/console/login') },
  {
    name: 'login after the session ran out',
    route: '/console/login',
    open: anybody('/console/login?ended=kept'),
  },
  { name: 'login, nothing typed', route: '/console/login', open: sent(anybody('/console/login'), '/console/login') },
  {
    name: 'second factor',
    route: '/console/login/factor',
    open: async (page, society) => {
      await page.goto(society.at('/console/login'));
      const { email, password } = society.staff[0];
      await page.locator('#email').fill(email);
      await page.locator('#password').fill(password);
      await submit(page, page.locator('main form button[type=submit]'));
    },
  },
  { name: 'invitation', route: '/console/invitation/{token}', open: invited },
  { name: 'invitation that is over', route: '/console/invitation/{token}', open: anybody('/console/invitation/nonsense') },
  { name: 'first factor', route: '/console/register', open: answered },
  { name: 'another factor', route: '/console/register', open: staff('/console/register') },
  { name: 'proof again', route: '/console/confirm', open: staff('/console/confirm') },
  { name: 'proof again, of what was typed', route: '/console/confirm', open: typedTooLong },
  {
    name: 'what was typed is back',
    route: '/console/staff/new',
    open: async (page, society) => {
      await typedTooLong(page, society);
      await page.locator('#code').fill(await society.portal.appCode(society.staff[0].totp_key));
      await submit(page, page.locator('form[action="/console/confirm"] button[type=submit]'));
      await page.waitForURL((url) => url.pathname === '/console/staff/new');
    },
  },
  { name: 'own account', route: '/console/me', open: staff('/console/me') },
  { name: 'overview', route: '/console', open: staff('/console') },
  { name: 'members', route: SEARCH, open: staff(SEARCH) },
  { name: 'members, nobody', route: SEARCH, open: search('だれもいない') },
  { name: 'members, many', route: SEARCH, open: search(INSURER) },
  { name: 'members, mistakes', route: SEARCH, open: search('ア') },
  { name: 'a member with an account', route: `${SEARCH}/{id}`, open: member('testtaro01') },
  { name: 'a member who waits', route: `${SEARCH}/{id}`, open: member('kari000003') },
  { name: 'a dependent with a flag', route: `${SEARCH}/{id}`, open: memberAfter('800-1234-01', 'objection') },
  ...acts.map(([act, open]) => ({ name: `a member: ${act}`, route: `${SEARCH}/{id}/${act}`, open })),
  { name: 'a member: factors, mistakes', route: `${SEARCH}/{id}/factors`, open: memberMistakes('testtaro01', 'factors') },
  { name: 'a member: statement, shown', route: `${SEARCH}/{id}/statement`, open: memberStatement },
  { name: 'a member: statement, mistakes', route: `${SEARCH}/{id}/statement`, open: memberMistakes('testtaro01', 'statement') },
  { name: 'a member: user-id, mistakes', route: `${SEARCH}/{id}/user-id`, open: memberMistakes('testtaro01', 'user-id') },
  { name: 'staff', route: '/console/staff', open: staff('/console/staff') },
  { name: 'staff, invite', route: '/console/staff/new', open: staff('/console/staff/new') },
  { name: 'staff, invite, mistakes', route: '/console/staff/new', open: sent(staff('/console/staff/new'), '/console/staff/new') },
  { name: 'one of the staff', route: '/console/staff/{id}', open: staff('/console/staff/2') },
  { name: 'not allowed', route: null, open: async (page, society) => {
      await asStaff(page, society, '/console', 'viewer');
      await page.goto(society.at('/console/staff'));
    }, complaint: /403/ },
  { name: 'imports', route: '/console/imports', open: staff('/console/imports') },
  { name: 'imports, how files are made', route: '/console/imports/help', open: staff('/console/imports/help') },
  { name: 'imports, a new file', route: '/console/imports/new', open: staff('/console/imports/new') },
  {
    name: 'imports, a new file, mistakes',
    route: '/console/imports/new',
    open: sent(staff('/console/imports/new'), '/console/imports/new'),
  },
  { name: 'imports, column profiles', route: '/console/imports/profiles', open: profileList },
  { name: 'imports, a new column profile', route: '/console/imports/profiles/new', open: staff('/console/imports/profiles/new') },
  {
    name: 'imports, a new column profile, mistakes',
    route: '/console/imports/profiles/new',
    open: sent(staff('/console/imports/profiles/new'), '/console/imports/profiles/new'),
  },
  { name: 'imports, a column profile', route: '/console/imports/profiles/{id}', open: profile },
  { name: 'imports, a column profile, mistakes', route: '/console/imports/profiles/{id}', open: profileMistaken },
  { name: 'imports, what a check found', route: '/console/imports/uploads/{id}', open: checked },
  { name: 'imports, a register with questions', route: '/console/imports/uploads/{id}', open: registerChecked },
  { name: 'imports, questions', route: '/console/imports/questions', open: registerQuestions },
  {
    name: 'imports, questions, nothing chosen',
    route: '/console/imports/questions',
    open: async (page, society) => {
      await registerQuestions(page, society);
      await submit(page, page.getByRole('button', { name: /^決める/ }).first());
      await page.locator('.error-summary').waitFor();
    },
  },
  { name: 'imports, a batch', route: '/console/imports/{id}', open: applied },
  { name: 'imports, claims that wait', route: '/console/imports/unmatched', open: unmatched },
  {
    name: 'imports, claims that wait, nothing typed',
    route: '/console/imports/unmatched',
    open: async (page, society) => {
      await unmatched(page, society);
      await page.getByText('割り当てる・取り込まない').first().click();
      await page.locator('form[action$="/assign"]').first().evaluate((form) => { form.noValidate = true; });
      await submit(page, page.getByRole('button', { name: /^割り当てる/ }).first());
      await page.locator('.error-summary').waitFor();
    },
  },
  {
    name: 'imports, the claims of a batch',
    route: '/console/imports/{id}/claims',
    open: async (page, society) => {
      await applied(page, society);
      await page.getByRole('link', { name: '請求を1件ずつ見る・直す' }).click();
    },
  },
  { name: 'imports, a claim', route: '/console/imports/{id}/claims/{key}', open: claim },
  {
    name: 'imports, a claim, a mistake',
    route: '/console/imports/{id}/claims/{key}',
    open: async (page, society) => {
      await claim(page, society);
      await page.getByLabel('自己負担額（円）').fill('9');
      await page.getByLabel('理由 ※必須').first().fill('確認');
      await submit(page, page.getByRole('button', { name: '訂正する' }));
      await page.locator('.error-summary').waitFor();
    },
  },
  {
    name: 'imports, publication',
    route: '/console/imports/{id}/publish',
    open: async (page, society) => {
      await applied(page, society);
      await page.getByRole('link', { name: '公開する' }).click();
    },
  },
  { name: 'imports, months of a publication', route: '/console/imports/{id}/publish', open: staff(`${FIRST_BATCH}/publish`) },
  {
    name: 'imports, withdrawal, mistakes',
    route: '/console/imports/{id}/withdraw',
    open: sent(staff(`${FIRST_BATCH}/withdraw`), `${FIRST_BATCH}/withdraw`),
  },
  { name: 'imports, withdrawal', route: '/console/imports/{id}/withdraw', open: staff(`${FIRST_BATCH}/withdraw`) },
  { name: 'approvals', route: '/console/approvals', open: staff('/console/approvals') },
  { name: 'temporary IDs', route: '/console/temporary-ids', open: staff('/console/temporary-ids', 'benefits') },
  {
    name: 'temporary IDs, nobody chosen',
    route: '/console/temporary-ids',
    open: sent(staff('/console/temporary-ids', 'benefits'), '/console/temporary-ids'),
  },
  {
    name: 'temporary IDs, ready',
    route: '/console/temporary-ids/{run}',
    open: async (page, society) => {
      await asStaff(page, society, '/console/temporary-ids', 'benefits');
      await page.locator('#whom-without').check();
      await submit(page, page.getByRole('button', { name: '発行する' }));
      await expect(async () => {
        await page.reload();
        await expect(page.getByText('受け取り待ち')).toBeVisible({ timeout: 500 });
      }).toPass();
    },
  },
  { name: 'coming over, nobody', route: '/console/migration', open: staff('/console/migration', 'benefits') },
  { name: 'coming over', route: '/console/migration', open: announced },
  { name: 'coming over, check', route: '/console/migration/announce', open: announcing('2026-09-16') },
  { name: 'coming over, mistakes', route: '/console/migration/announce', open: announcing('2026-09-01') },
  {
    name: 'coming over, taking back',
    route: '/console/migration/take-back',
    open: async (page, society) => {
      await announced(page, society);
      await submit(page, page.getByRole('link', { name: '送信待ちの2通を取り消す' }));
    },
  },
  { name: 'reconciliation', route: '/console/migration/reconcile', open: staff('/console/migration/reconcile', 'benefits') },
  { name: 'reconciliation, differences', route: '/console/migration/reconcile', open: reconciled },
  {
    name: 'reconciliation, mistakes',
    route: '/console/migration/reconcile',
    open: async (page, society) => {
      await asStaff(page, society, '/console/migration/reconcile', 'benefits');
      await submit(page, page.getByRole('button', { name: '照合する' }));
      await page.locator('.error-summary').waitFor();
    },
  },
  // With mails in it: journeys/mail.spec.js.
  { name: 'mails that failed', route: '/console/mails-failed', open: staff('/console/mails-failed') },
  { name: 'maintenance', route: '/console/settings/maintenance', open: staff('/console/settings/maintenance') },
  {
    name: 'maintenance, mistakes',
    route: '/console/settings/maintenance',
    open: sent(staff('/console/settings/maintenance'), '/console/settings/maintenance'),
  },
  { name: 'terms', route: '/console/terms', open: staff('/console/terms') },
  { name: 'terms, a new version', route: '/console/terms/new', open: staff('/console/terms/new') },
  { name: 'terms, mistakes', route: '/console/terms/new', open: sent(staff('/console/terms/new'), '/console/terms/check') },
  {
    name: 'terms, check',
    route: '/console/terms/new',
    open: async (page, society) => {
      await asStaff(page, society, '/console/terms/new');
      await page.getByLabel('適用日').fill('2026-10-01');
      await submit(page, page.getByRole('button', { name: '確認へ進む' }));
    },
  },
  { name: 'terms, a version', route: '/console/terms/{version}', open: staff('/console/terms/1') },
  { name: 'settings', route: '/console/settings', open: staff('/console/settings') },
  { name: 'policy', route: '/console/settings/policy', open: staff('/console/settings/policy') },
  {
    name: 'policy, mistakes',
    route: '/console/settings/policy',
    open: async (page, society) => {
      await asStaff(page, society, '/console/settings/policy');
      await page.getByLabel('仮パスワードの有効期間').fill('0');
      await submit(page, page.getByRole('button', { name: '確認へ進む' }));
      await page.locator('.error-summary').waitFor();
    },
  },
  {
    name: 'policy, check',
    route: '/console/settings/policy',
    open: async (page, society) => {
      await asStaff(page, society, '/console/settings/policy');
      await page.getByLabel('医療費を表示する年数').fill('3');
      await submit(page, page.getByRole('button', { name: '確認へ進む' }));
    },
  },
  { name: 'services', route: '/console/settings/services', open: staff('/console/settings/services') },
  { name: 'mail senders', route: '/console/settings/mail', open: staff('/console/settings/mail') },
  { name: 'postcards', route: '/console/settings/postcards', open: staff('/console/settings/postcards') },
  {
    name: 'postcards, mistakes',
    route: '/console/settings/postcards',
    open: async (page, society) => {
      await asStaff(page, society, '/console/settings/postcards');
      await page.locator('#postage').fill('料金後納郵便のみほん');
      await submit(page, page.getByRole('button', { name: '変更する' }));
      await page.locator('.error-summary').waitFor();
    },
  },
  { name: 'branding', route: '/console/settings/branding', open: staff('/console/settings/branding') },
  { name: 'signing key', route: '/console/settings/signing-key', open: staff('/console/settings/signing-key') },
  {
    name: 'signing key, mistakes',
    route: '/console/settings/signing-key',
    open: sent(staff('/console/settings/signing-key'), '/console/settings/signing-key'),
  },
  { name: 'older hosts', society: 'nanohana', route: '/console/settings/older-hosts', open: staff('/console/settings/older-hosts') },
  { name: 'log', route: '/console/audit', open: staff('/console/audit') },
  {
    name: 'log, nothing found',
    route: '/console/audit',
    open: async (page, society) => {
      await asStaff(page, society, '/console/audit');
      await page.getByLabel('対象・内容').fill('なし');
      await submit(page, page.getByRole('button', { name: '検索', exact: true }));
    },
  },
];

/** What the router serves under /console besides pages. */
export const notConsolePages = [
  '/console/imports/template/{kind}',
  '/console/migration/reconcile/template.csv',
  '/console/imports/uploads/{id}/progress',
  '/console/imports/uploads/{id}/faults.csv',
  '/console/imports/uploads/{id}/changes.csv',
  '/console/imports/{id}/faults.csv',
  '/console/imports/{id}/notices.csv',
  '/console/imports/{id}/withdraw/status',
  '/console/audit.csv',
  '/console/settings/postcards/sample.pdf',
  '/console/terms/{version}/agreements.csv',
  '/console/temporary-ids/{run}/progress',
  '/console/register/qr/{question}',
  '/console/temporary-ids/{run}/addresses.csv',
];
