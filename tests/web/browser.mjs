// What the tests of the pages stand on: windows of Chromium that complain of what should not be, and a desk for each test.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { Desk, mailSink, password } from './desk.mjs';

export { Desk, mailSink, password };
export const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ours = ['--no-sandbox', '--disable-dev-shm-usage'];
export const launch = (more = []) => chromium.launch({ executablePath: executable, args: [...ours, ...more] });
export const browser = await launch();

const tests = [];
export const test = (name, run) => tests.push([name, run]);
export const is = (found, wanted, what = '') => { if (found !== wanted) throw new Error(`${what} ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`); };
export const holds = (what, why) => { if (!what) throw new Error(why); };

/** A window in which somebody is signed in; what its pages complain of fails the test. */
export async function window_(desk, user, options = {}, secret = password) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.strange = [];
  page.on('pageerror', error => page.faults.push(error.message));
  page.on('console', said => { if (/Content Security Policy|Refused to/i.test(said.text())) page.faults.push(said.text()); });
  page.on('request', asked => { if (!asked.url().startsWith(desk.url) && !asked.url().startsWith('data:') && !asked.url().startsWith('about:')) page.strange.push(asked.url()); });
  page.on('dialog', dialog => { page.faults.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  if (user) {
    await page.goto(`${desk.url}/staff/login`);
    await page.getByLabel('Username').fill(user);
    await page.getByLabel('Password').fill(secret);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/staff\/tickets/);
  }
  page.desk = desk;
  return page;
}
export const quiet = page => { is(page.faults.join('\n'), '', 'the page complains:'); is(page.strange.join('\n'), '', 'asked for'); };
export const row = (page, text) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name: text }) });
export const open = (page, id) => page.goto(`${page.desk.url}/staff/tickets/view/${id}`);
/** Waits until it is so, and gives what was found. */
export async function until(what, why, ms = 6000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end) throw new Error(why);
    await new Promise(done => setTimeout(done, 50));
  }
}

/** A mail's text without quoted-printable's breaks and signs. */
export const plain = mail => mail.replaceAll('=\r\n', '').replaceAll('=3D', '=');

export const withDesk = (settings, run) => async () => {
  const sink = await mailSink();
  const desk = await Desk.make(sink, settings);
  try { await run(desk, sink); } finally { await desk.end(); sink.end(); }
};

/** The code of a second factor (RFC 6238), so many steps from now. */
export function totp(secret, step = 0) {
  const bits = [...secret.replace(/=+$/, '')].map(letter => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2))), counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + step));
  const hash = createHmac('sha1', key).update(counter).digest(), at = hash.at(-1) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0');
}

/** Runs the tests whose name holds the word of the command line, and ends with "N passed, N failed". */
export async function run(after = async () => {}, skipped = 0) {
  let [passed, failed] = [0, 0];
  for (const [name, run] of tests.filter(([name]) => name.includes(process.argv[2] ?? ''))) {
    const began = Date.now();
    try { await run(); passed++; console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`); }
    catch (error) { failed++; console.log(`FAILED ${name}\n     ${error.message.split('\n').slice(0, 12).join('\n     ')}`); }
  }
  await after();
  await browser.close();
  if (skipped && process.env.MAILDESK_TESTS_NO_SKIP === '1') { failed += skipped; skipped = 0; }
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exit(failed ? 1 : 0);
}
