// What the tests of the customers' and the set-up pages stand on: a browser, windows that remember what pages complain
// of, desks with a mail server, and the end that counts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { Desk, mailSink, password } from './desk.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

const tests = [];
export const test = (name, run) => tests.push([name, run]);
export const is = (found, wanted, what = '') => { if (found !== wanted) throw new Error(`${what} ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`); };
export const holds = (what, why) => { if (!what) throw new Error(why); };

/** A window; what its pages complain of, and what they ask of other hosts, is in `faults`. */
export async function page_(desk, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', error => page.faults.push(error.message));
  page.on('console', said => { if (/Content Security Policy|Refused to/i.test(said.text())) page.faults.push(said.text()); });
  page.on('request', asked => { if (!asked.url().startsWith(desk.url) && !/^(data|about|blob):/.test(asked.url())) page.faults.push(`asked for ${asked.url()}`); });
  page.on('dialog', dialog => { page.faults.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  return page;
}
export const quiet = page => is(page.faults.join('\n'), '', 'the page complains:');

export async function until(what, why, ms = 8000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end) throw new Error(why);
    await new Promise(done => setTimeout(done, 50));
  }
}

/** A test on a desk that knows its address and mails to a sink. */
export const withDesk = (run, settings = {}) => async () => {
  const sink = await mailSink();
  const desk = await Desk.make(sink, { undo_send_s: '0', ...settings });
  desk.admin('setting', 'set', 'site_url', desk.url);
  try { await run(desk, sink); } finally { await desk.end(); sink.end(); }
};

export const plain = mail => mail.replaceAll('=\r\n', '').replaceAll('=3D', '=');
/** The last link of that kind that was mailed to somebody. */
export const linkIn = (sink, to, kind) => until(() => {
  const found = sink.mails.map(plain).filter(mail => mail.includes(`To: ${to}`) || mail.includes(`<${to}>`)).join('\n').match(new RegExp(`http://[^\\s"<]*/${kind}/[A-Za-z0-9_-]+`, 'g'));
  return found?.at(-1);
}, `no /${kind}/ link was mailed to ${to}`);

/** A window in which a staff member is signed in. */
export async function staff(desk, user = 'ada', options = {}, secret = password) {
  const page = await page_(desk, options);
  await page.goto(`${desk.url}/staff/login`);
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/staff\/tickets/);
  return page;
}

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

/** Runs the tests whose name holds the word of the command line, and says how many passed. */
export async function end() {
  let [passed, failed] = [0, 0];
  for (const [name, run] of tests.filter(([name]) => name.includes(process.argv[2] ?? ''))) {
    const since = Date.now();
    try { await run(); passed++; console.log(`ok   ${name} (${((Date.now() - since) / 1000).toFixed(1)} s)`); }
    catch (error) { failed++; console.log(`FAILED ${name}\n     ${error.message.split('\n').slice(0, 14).join('\n     ')}`); }
  }
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
