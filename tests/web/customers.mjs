// Drives the customers' pages and the knowledge base in a real browser: node tests/web/customers.mjs [WORD], with WORD a
// part of a test's name. Ends with "N passed, N failed".
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Desk, mailSink, password } from './desk.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const tests = [];
const test = (name, run) => tests.push([name, run]);
const is = (found, wanted, what = '') => { if (found !== wanted) throw new Error(`${what} ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`); };
const holds = (what, why) => { if (!what) throw new Error(why); };

async function page_(desk, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', error => page.faults.push(error.message));
  page.on('console', said => { if (/Content Security Policy|Refused to/i.test(said.text())) page.faults.push(said.text()); });
  page.on('request', asked => { if (!asked.url().startsWith(desk.url) && !asked.url().startsWith('data:')) page.faults.push(`asked for ${asked.url()}`); });
  page.on('dialog', dialog => { page.faults.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  return page;
}
const quiet = page => is(page.faults.join('\n'), '', 'the page complains:');
async function until(what, why, ms = 8000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end) throw new Error(why);
    await new Promise(done => setTimeout(done, 50));
  }
}
const withDesk = run => async () => {
  const sink = await mailSink();
  const desk = await Desk.make(sink, { undo_send_s: '0' });
  desk.admin('setting', 'set', 'site_url', desk.url);
  try { await run(desk, sink); } finally { await desk.end(); sink.end(); }
};
const plain = mail => mail.replaceAll('=\r\n', '').replaceAll('=3D', '=');
/** The last link of that kind that was mailed to somebody. */
const linkIn = (sink, to, kind) => until(() => {
  const found = sink.mails.map(plain).filter(mail => mail.includes(`To: ${to}`) || mail.includes(`<${to}>`)).join('\n').match(new RegExp(`http://[^\\s"<]*/${kind}/[A-Za-z0-9_-]+`, 'g'));
  return found?.at(-1);
}, `no /${kind}/ link was mailed to ${to}`);
async function submit(page, desk, more = async () => {}) {
  await page.goto(`${desk.url}/submit-ticket`);
  await page.getByLabel('Your name').fill('Jay Kamat');
  await page.getByLabel('Your email').fill('jay@client.test');
  await page.getByLabel('Department').selectOption({ label: 'General' }).catch(() => page.getByLabel('Department').selectOption({ index: 1 }));
  await page.getByLabel('Subject').fill('Lamp <b>flickers</b>');
  await page.getByLabel('Message').fill('It flickers.');
  await more();
  // What a person needs at least.
  await page.waitForTimeout(2100);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}
async function staff(desk) {
  const page = await page_(desk);
  await page.goto(`${desk.url}/staff/login`);
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/staff\/tickets/);
  return page;
}

test('without JavaScript a ticket is submitted, followed by its mailed link, answered and solved', withDesk(async (desk, sink) => {
  const page = await page_(desk, { javaScriptEnabled: false });
  const picture = join(desk.dir, 'lamp.png');
  writeFileSync(picture, Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'));
  await submit(page, desk, () => page.getByLabel('Files').setInputFiles(picture));
  holds((await page.content()).includes('ticket #1'), 'the number is not said');
  desk.admin('ticket', 'note', '1', '--staff', 'ada', '--message', 'Never shown to anybody.');
  desk.admin('ticket', 'reply', '1', '--staff', 'ada', '--message', 'Turn it off and on.');
  await page.goto(await linkIn(sink, 'jay@client.test', 't'));
  is(page.url(), `${desk.url}/tickets/show/1`, 'the address bar:');
  is(await page.getByRole('article').count(), 2, 'messages:');
  const text = await page.content();
  holds(text.includes('Turn it off and on.') && !text.includes('Never shown'), 'wrong messages');
  holds(!text.includes('<b>flickers'), 'markup of the subject is alive');
  is((await page.request.get(await page.getByRole('link', { name: 'lamp.png' }).getAttribute('href').then(path => desk.url + path))).status(), 200, 'the file:');
  await page.getByLabel('Message').fill('That helped.');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  is(await page.getByRole('article').count(), 3, 'messages:');
  await page.getByRole('button', { name: 'Solved, thanks' }).click();
  holds((await page.content()).includes('Closed'), 'not closed');
  is(desk.json('ticket', 'show', '1').status, 'closed', 'status:');
  quiet(page);
}));

test('a mailed link signs in once, by a button', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Mine' });
  desk.mail({ from: 'Bob <bob@client.test>', subject: 'Not hers' });
  const page = await page_(desk);
  await page.goto(`${desk.url}/login`);
  await page.getByLabel('Your email').fill('ann@client.test');
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await page.waitForURL(/sent=1/);
  const link = await linkIn(sink, 'ann@client.test', 'enter');
  const asked = [];
  page.on('request', request => asked.push(request.headers().referer ?? ''));
  await page.goto(link);
  is(await page.getByRole('button').count(), 1, 'buttons:');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${desk.url}/tickets`);
  holds(!asked.some(referer => referer.includes('/enter/')), 'a Referer held the token');
  holds(await page.getByRole('link', { name: 'Mine' }).isVisible() && !(await page.content()).includes('Not hers'), 'wrong tickets');
  is((await page.goto(`${desk.url}/tickets/show/2`)).status(), 404, 'another person’s ticket:');
  is((await page.goto(link)).status(), 403, 'the link again:');
  quiet(page);
}));

test('staff write an article with a file, customers find it while they type', withDesk(async desk => {
  const ada = await staff(desk);
  await ada.goto(`${desk.url}/staff/kb/articles/new`);
  await ada.getByLabel('Title').fill('Flickering <i>lamps</i>');
  await ada.getByLabel('Text').fill('**Turn** it <script>alert(1)</script> off.');
  const file = join(desk.dir, 'lamp.txt');
  writeFileSync(file, 'a lamp');
  await ada.getByLabel('Files').setInputFiles(file);
  await ada.getByRole('button', { name: 'Save' }).click();
  await ada.waitForURL(/staff\/kb/);
  quiet(ada);
  const page = await page_(desk);
  await page.goto(`${desk.url}/submit-ticket`);
  await page.getByLabel('Subject').pressSequentially('my lamp flicker');
  await page.getByRole('link', { name: 'Flickering <i>lamps</i>' }).waitFor();
  await page.goto(`${desk.url}/`);
  await page.getByRole('searchbox').fill('flickering');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('link', { name: 'Flickering <i>lamps</i>' }).click();
  is(await page.getByRole('heading', { level: 1 }).innerText(), 'Flickering <i>lamps</i>', 'heading:');
  is(await page.locator('.text strong').innerText(), 'Turn', 'emphasis:');
  is(await (await page.request.get(desk.url + await page.getByRole('link', { name: 'lamp.txt' }).getAttribute('href'))).text(), 'a lamp', 'file:');
  quiet(page);
}));

test('axe finds nothing serious, and no page scrolls sideways on a telephone', withDesk(async (desk, sink) => {
  const ada = await staff(desk);
  await ada.goto(`${desk.url}/staff/kb/categories/new`);
  await ada.getByLabel('Name').fill('Lamps');
  await ada.getByRole('button', { name: 'Save' }).click();
  await ada.goto(`${desk.url}/staff/kb/articles/new`);
  await ada.getByLabel('Title').fill('Lamps');
  await ada.getByLabel('Category').selectOption({ index: 1 });
  await ada.getByLabel('Text').fill('One\n\n- two\n\n`three`');
  await ada.getByRole('button', { name: 'Save' }).click();
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'A subject of some length, so that it has to wrap somewhere on a small telephone' });
  const link = await linkIn(sink, 'ann@client.test', 't');
  const check = async (page, path, what) => {
    await page.goto(desk.url + path);
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    const bad = found.violations.filter(one => ['serious', 'critical'].includes(one.impact));
    is(bad.map(one => `${one.id}: ${one.nodes[0].html}`).join('\n'), '', `${path} ${what}:`);
    is(await page.locator('h1').count(), 1, `${path}, headings:`);
  };
  const paths = ['/', '/search?q=lamps', '/search?q=nothing', '/category/1-lamps', '/article/1-lamps', '/submit-ticket', '/login', '/t/wrong'];
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme, bypassCSP: true });
    const page = await context.newPage();
    for (const path of paths) await check(page, path, colorScheme);
    await page.goto(link);
    await check(page, '/tickets/show/1', colorScheme);
    await context.addCookies((await ada.context().cookies()));
    for (const path of ['/staff/kb', '/staff/kb/articles/new', '/staff/kb/articles/edit/1', '/staff/kb/articles/view/1', '/staff/kb/articles/remove/1', '/staff/kb/categories/edit/1', '/staff/kb/categories/remove/1']) await check(page, path, colorScheme);
    await context.close();
  }
  for (const width of [390, 320]) {
    const page = await page_(desk, { viewport: { width, height: 700 } });
    await page.goto(link);
    for (const path of [...paths, '/tickets/show/1']) {
      await page.goto(desk.url + path);
      const [wide, small] = await page.evaluate(() => [document.documentElement.scrollWidth, [...document.querySelectorAll('main button, main select, main input:not([type=hidden])')].filter(one => one.checkVisibility() && !one.closest('.hidden') && !one.matches('.hidden,[type=checkbox],[type=file]')).filter(one => one.getBoundingClientRect().height < 24).map(one => one.outerHTML.slice(0, 80))]);
      holds(wide <= width, `${path} is ${wide} px wide at ${width}`);
      is(small.join('\n'), '', `${path}:`);
    }
    quiet(page);
  }
}));

test('the first visit of the home page and of the form is small', withDesk(async desk => {
  for (const path of ['/', '/submit-ticket']) {
    const page = await page_(desk), answers = [];
    page.on('response', answer => { if (!answer.url().startsWith('data:')) answers.push(answer); });
    await page.goto(desk.url + path, { waitUntil: 'load' });
    const sizes = await Promise.all(answers.map(async answer => (await answer.body()).length));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`   ${path}: ${bytes} bytes, ${sizes.length} requests`);
    holds(bytes <= 95_000 && sizes.length <= 5, `${path}: ${bytes} bytes in ${sizes.length} requests`);
  }
}));

let [passed, failed] = [0, 0];
for (const [name, run] of tests.filter(([name]) => name.includes(process.argv[2] ?? ''))) {
  try { await run(); passed++; console.log(`ok   ${name}`); }
  catch (error) { failed++; console.log(`FAILED ${name}\n     ${error.message.split('\n').slice(0, 12).join('\n     ')}`); }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
