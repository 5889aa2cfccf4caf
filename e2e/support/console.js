import { submit } from './test.js';

/** Logs a member of staff in on the console's login form that the page shows. */
export async function logInAsStaff(page, portal, { email, password, totp_key }) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await submit(page, page.locator('form[action="/console/login"] button[type=submit]'));
  await page.waitForURL((url) => url.pathname === '/console/login/factor');
  await page.locator('#code').fill(await portal.appCode(totp_key));
  await submit(page, page.locator('form[action="/console/login/factor/app"] button[type=submit]'));
  await page.waitForURL((url) => !url.pathname.startsWith('/console/login'));
}

/** Opens a page of the console as a member of staff: `admin`, `benefits`, `desk` or `viewer`. */
export async function asStaff(page, society, where = '/console', role = 'admin') {
  const staff = society.staff.find((staff) => staff.role === role);
  await page.goto(society.at(`/console/login?return_to=${encodeURIComponent(where)}`));
  await logInAsStaff(page, society.portal, staff);
  await page.waitForURL(society.at(where));
}

/** Types this into the search of members that the page shows, and sends it. */
export async function lookFor(page, typed) {
  await page.getByLabel('検索', { exact: true }).fill(typed);
  await submit(page, page.getByRole('button', { name: '検索する' }));
}

/** Proves the second factor again where the page asks for it, which leads back to where it came from. */
export async function confirmStaff(page, portal, { totp_key }) {
  const proof = page.locator('form[action="/console/confirm"] button[type=submit]');
  if ((await proof.count()) === 0) return;
  await page.locator('#code').fill(await portal.appCode(totp_key));
  await submit(page, proof);
}
