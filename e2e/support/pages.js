import { asMember, logIn } from './test.js';

/** Opens a path as anybody. */
const anybody = (path) => (page, society) => page.goto(society.at(path));

/** Opens a path as a member. */
const member = (path) => (page, society) => asMember(page, society, path);

/**
 * Every page of the portal and every state of it that looks different: its name, the route it stands for, how to get
 * there, and which complaint of the browser belongs to it.
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
    name: 'login, enrolment due',
    route: '/login',
    open: async (page, society) => {
      await page.goto(society.at('/login'));
      await logIn(page, society.account('kari000003'));
      await page.locator('#user_id').waitFor({ state: 'detached' });
    },
  },
  { name: 'page not found', route: null, open: anybody('/nowhere'), complaint: /404 \(Not Found\)/ },
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
  { name: 'statement, nothing there', route: '/expenses/statement', open: member('/expenses/statement?member=0') },
  {
    name: 'statement, mistakes in the filter',
    route: '/expenses/statement',
    open: member('/expenses/statement?from=2025-03&to=2025-01'),
  },
  { name: 'deduction', route: '/deduction', open: member('/deduction') },
  { name: 'deduction of a year', route: '/deduction/{year}', open: member('/deduction/2025') },
  { name: 'log-out', route: '/logout', open: member('/logout') },
];

/** What the router serves besides pages. */
export const notPages = [
  ...['/healthz', '/readyz', '/assets/{name}', '/language', '/demo.json', '/mailbox.json'],
  ...['/expenses/statement.pdf', '/deduction/{year}/notice.xml', '/deduction/{year}/portal.csv'],
  '/deduction/{year}/worksheet.xlsx',
];
