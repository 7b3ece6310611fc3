// What the tests of the customers' and the set-up pages stand on beside browser.mjs: desks that know their address, mailed
// links, and what is wrong with a page.
import { axe, holds, is, plain, quiet, test, totp, until, window_, withDesk as onDesk, run } from './browser.mjs';

export { browser } from './browser.mjs';
export { holds, is, plain, quiet, test, totp, until };
export const end = run;

/** A window in which nobody is signed in. */
export const page_ = (desk, options = {}) => window_(desk, null, options);

/** A window in which a staff member is signed in. */
export const staff = (desk, user = 'ada', options = {}, secret = undefined) => window_(desk, user, options, secret);

/** A test on a desk that knows its address and mails to a sink. */
export const withDesk = (act, settings = {}) => onDesk({ undo_send_s: '0', ...settings }, async (desk, sink) => {
  desk.admin('setting', 'set', 'site_url', desk.url);
  await act(desk, sink);
});

/** The last link of that kind that was mailed to somebody. */
export const linkIn = (sink, to, kind) => until(() => {
  const found = sink.mails.map(plain).filter(mail => mail.includes(`To: ${to}`) || mail.includes(`<${to}>`)).join('\n').match(new RegExp(`http://[^\\s"<]*/${kind}/[A-Za-z0-9_-]+`, 'g'));
  return found?.at(-1);
}, `no /${kind}/ link was mailed to ${to}`, 8000);

/** What is wrong with a page that is open: axe's serious finds, headings, landmarks, title, language, inline style. */
export async function faultsOf(page) {
  const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
  const bad = found.violations.filter(one => ['serious', 'critical'].includes(one.impact)).map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`);
  return bad.concat(await page.evaluate(() => {
    const said = [], count = what => document.querySelectorAll(what).length;
    if (count('h1') !== 1) said.push(`${count('h1')} first headings`);
    if (count('main') !== 1) said.push(`${count('main')} main landmarks`);
    if (!document.title.trim()) said.push('no title');
    if (!document.documentElement.lang) said.push('no language');
    if (count('style, [style]')) said.push('inline style');
    if (count('script:not([src])')) said.push('inline script');
    if ([...document.querySelectorAll('*')].some(one => [...one.attributes].some(own => own.name.startsWith('on')))) said.push('an inline handler');
    return said;
  }));
}

/** What does not fit: the page is wider than its window, a target is lower than 24 px. */
export const misfits = page => page.evaluate(() => {
  const said = [], wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) {
    const out = [...document.querySelectorAll('body *')].find(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.wide-table, pre, .hidden'));
    said.push(`${wide} px wide: ${out?.outerHTML.slice(0, 120)}`);
  }
  const targets = [...document.querySelectorAll('main button, main select, main input:not([type=hidden])')].filter(one => one.checkVisibility() && !one.closest('.hidden') && !one.matches('.hidden,[type=checkbox],[type=radio],[type=file]'));
  said.push(...targets.filter(one => one.getBoundingClientRect().height < 24).map(one => `low: ${one.outerHTML.slice(0, 80)}`));
  return said;
});
