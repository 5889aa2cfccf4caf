import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const everything = { rules: { 'target-size': { enabled: true } } };
const colours = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } };

/** What axe finds, in a line for each element. */
export function findings(page) {
  return found(page, everything);
}

/** What axe finds by the rules about colours, which are all that depend on the colour scheme. */
export function colourFindings(page) {
  return found(page, colours);
}

async function found(page, options) {
  // The document keeps axe: half of a run's time is reading its source.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  return page.evaluate(async (options) => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], ...options });
    const line = (rule, node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary.replaceAll(/\s+/g, ' ')}`;
    return violations.flatMap((rule) => rule.nodes.map((node) => line(rule, node)));
  }, options);
}

/**
 * What axe finds and what does not fit at these widths, the widest last. Everything is looked at in light colours; in dark
 * ones only the colours, at the widest: the tokens' own test holds every text colour against every ground in both schemes.
 */
export async function wrongAt(page, widths) {
  const all = [];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    all.push(...(await misfits(page)).map((misfit) => `${width} px: ${misfit}`));
    all.push(...(await findings(page)).map((finding) => `${width} px: ${finding}`));
  }
  await page.emulateMedia({ colorScheme: 'dark' });
  all.push(...(await colourFindings(page)).map((finding) => `dark: ${finding}`));
  return all;
}

/** What is too wide for its card or the page, and which fields are too small to type into. */
export async function misfits(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    const found = root.scrollWidth > root.clientWidth ? [`the page, by ${root.scrollWidth - root.clientWidth} px`] : [];
    const name = (element) => `${element.tagName.toLowerCase()}.${element.className}`;
    for (const element of document.querySelectorAll('main .card *:not(svg *, .visually-hidden, .scroll *)')) {
      const box = element.getBoundingClientRect();
      const card = element.closest('.card').getBoundingClientRect();
      if (box.width > 0 && (box.right > card.right - 8 || box.left < card.left)) found.push(`${name(element)} beyond its card`);
    }
    for (const field of document.querySelectorAll('main :is(input:not([type=hidden], [type=checkbox], [type=radio], .visually-hidden, .input--number), select)')) {
      if (field.getBoundingClientRect().width < 120) found.push(`#${field.id} too narrow`);
    }
    return found;
  });
}

/** The sentences in Japanese on a page that is English: none but data, and what is marked as Japanese. */
export async function untranslated(page, societies) {
  return page.evaluate((names) => {
    const found = [];
    const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const { textContent, parentElement } = walk.currentNode;
      if (parentElement.closest('[lang=ja]')) continue;
      // Hiragana: of what is data, the names of societies and providers alone have some.
      const words = names.reduce((text, name) => text.replaceAll(name, ''), textContent).trim();
      if (/[ぁ-ん]/.test(words) && !/(科|クリニック|医院|病院|薬局|接骨院|ステーション)$/.test(words)) found.push(textContent.trim());
    }
    return found;
  }, societies.map((society) => society.name));
}
