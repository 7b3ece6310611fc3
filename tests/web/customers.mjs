// Drives the customers' pages and the knowledge base in a real browser: node tests/web/customers.mjs [WORD], with WORD a
// part of a test's name. Ends with "N passed, N failed".
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { browser, end, faultsOf, holds, is, linkIn, misfits, page_, plain, quiet, staff, test, until, withDesk } from './harness.mjs';
import { password } from './desk.mjs';

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
  const { height } = await page.getByRole('article').nth(1).boundingBox();
  holds(height < 300, `a line of an answer is ${height} px high`);
  const text = await page.content();
  holds(text.includes('Turn it off and on.') && !text.includes('Never shown'), 'wrong messages');
  holds(!text.includes('<b>flickers'), 'markup of the subject is alive');
  is((await page.request.get(await page.getByRole('link', { name: 'lamp.png' }).getAttribute('href').then(path => desk.url + path))).status(), 200, 'the file:');
  await page.getByLabel('Message').fill('That helped.');
  await page.waitForTimeout(2100);
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
    is((await faultsOf(page)).join('\n'), '', `${path} ${what}:`);
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
      is((await misfits(page)).join('\n'), '', `${path} at ${width}:`);
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

/** A robot: no browser, no script, but cookies and every field of the form. */
async function robot(desk) {
  const page = await fetch(`${desk.url}/submit-ticket`);
  const html = await page.text(), hidden = name => html.match(new RegExp(`name="${name}" value="([^"]*)"`))?.[1] ?? '';
  const cookie = (page.headers.getSetCookie() ?? []).map(one => one.split(';')[0]).join('; ');
  return { form: { form_token: hidden('form_token'), key: hidden('key'), name: 'Robot', email: 'robot@spam.test', department: '1', subject: 'Buy', text: 'Buy this now.', website: '' }, cookie };
}
const submitAs = (desk, { form, cookie }) => fetch(`${desk.url}/submit-ticket`, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form), headers: { Origin: desk.url, 'Sec-Fetch-Site': 'same-origin', ...(cookie ? { Cookie: cookie } : {}) } });

test('a robot that submits two hundred forms gets one ticket', withDesk(async desk => {
  const robots = [];
  for (let n = 0; n < 200; n++) robots.push(await robot(desk));
  is((await submitAs(desk, await robot(desk))).status, 422, 'at once:');
  await new Promise(done => setTimeout(done, 2100));
  is((await submitAs(desk, { ...robots[0], form: { ...robots[0].form, website: 'https://spam.test' } })).status, 422, 'with what nobody sees filled:');
  is(desk.json('ticket', 'list', '--all').length, 0, 'tickets:');
  const answers = [];
  for (const one of robots) answers.push((await submitAs(desk, one)).status);
  is([...new Set(answers)].join(), '303', 'answers:');
  for (let n = 0; n < 200; n++) await submitAs(desk, robots[0]);
  is(desk.json('ticket', 'list', '--all').length, 1, 'tickets:');
}, { web_submits: '1000' }));

test('from one address only so many tickets come in an hour, and the text is kept', withDesk(async desk => {
  const statuses = [];
  const robots = [await robot(desk), await robot(desk), await robot(desk)];
  await new Promise(done => setTimeout(done, 2100));
  for (const [n, one] of robots.entries()) {
    const answer = await submitAs(desk, { ...one, form: { ...one.form, subject: `Lamp ${n}`, text: `Text number ${n}` } });
    statuses.push(answer.status);
    if (answer.status === 429) holds((await answer.text()).includes('Text number 2'), 'the text is lost');
  }
  is(statuses.join(), '303,303,429');
}, { web_submits: '2' }));

test('markup in names, subjects, files and articles is text on customers’ pages', withDesk(async (desk, sink) => {
  const bad = '<img src=x onerror=alert(1)>';
  desk.admin('department', 'update', '1', '--name', `Help ${bad}`);
  desk.admin('user', 'add', 'eve@client.test', '--name', `Eve ${bad}`);
  desk.mail({ from: `"Eve ${bad}" <eve@client.test>`, subject: `Subject ${bad}`, text: `Text ${bad}` });
  const file = join(desk.dir, 'bad.md');
  writeFileSync(file, `Body ${bad} <script>alert(2)</script>\n\n[x](javascript:alert(3))`);
  desk.admin('category', 'add', `Shelf ${bad}`);
  desk.admin('article', 'add', `Title ${bad}`, '--body-file', file, '--category', '1');
  const page = await page_(desk);
  await page.goto(await linkIn(sink, 'eve@client.test', 't'));
  for (const path of ['', '/', '/search?q=title', '/article/1-x', '/category/1-x', '/submit-ticket', '/account/profile', `/search?q=${encodeURIComponent(bad)}`]) {
    if (path) await page.goto(desk.url + path);
    is(await page.locator('img[src="x"], [onerror], a[href^="javascript"]').count(), 0, `${path || 'the ticket'}, live markup:`);
    is(await page.evaluate(() => [...document.scripts].filter(one => !one.src).length), 0, `${path}, scripts:`);
  }
  quiet(page);
}));

test('a form from another site, without its token, or with a stranger’s changes nothing', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Mine' });
  const page = await page_(desk);
  await page.goto(await linkIn(sink, 'ann@client.test', 't'));
  const form = async () => ({ key: await page.locator('#compose [name=key]').inputValue(), text: 'Not by me', do: 'send' });
  const send = async (fields, headers) => (await page.request.post(`${desk.url}/tickets/show/1`, { form: fields, headers, maxRedirects: 0 })).status();
  const own = await page.locator('#compose [name=form_token]').inputValue();
  const same = { 'Sec-Fetch-Site': 'same-origin' };
  is(await send({ ...await form() }, same), 403, 'without the token:');
  const stranger = await page_(desk);
  await stranger.goto(`${desk.url}/submit-ticket`);
  is(await send({ ...await form(), form_token: await stranger.locator('main [name=form_token]').inputValue() }, same), 403, 'with a stranger’s:');
  is(await send({ ...await form(), form_token: own }, { 'Sec-Fetch-Site': 'cross-site' }), 403, 'from another site:');
  is(await send({ ...await form(), form_token: own }, { Origin: 'http://evil.test' }), 403, 'from another origin:');
  // The same by a page of another origin, as a browser sends it.
  const site = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end(`<!doctype html><form method=post action="${desk.url}/tickets/show/1"><input name=form_token value="${own}"><input name=text value="Not by me"><input name=do value=send></form><script>document.forms[0].submit()</script>`));
  await new Promise(done => site.listen(0, '127.0.0.1', done));
  const evil = await page.context().newPage();
  const answer = evil.waitForResponse(response => response.url().includes('/tickets/show/1'));
  await evil.goto(`http://localhost:${site.address().port}/`);
  is((await answer).status(), 403, 'by a page of another site:');
  site.close();
  is(desk.json('ticket', 'show', '1').messages.length, 1, 'messages:');
}));

test('a ticket’s link opens that ticket alone; altered, used and foreign links open nothing', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'First' });
  const first = await linkIn(sink, 'ann@client.test', 't');
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Second' });
  desk.admin('ticket', 'note', '1', '--staff', 'ada', '--message', 'A note nobody sees.');
  const page = await page_(desk);
  await page.goto(first);
  is(page.url(), `${desk.url}/tickets/show/1`, 'the token leaves the address bar:');
  holds(!(await page.content()).includes('A note nobody sees'), 'a note is shown');
  is((await page.goto(`${desk.url}/tickets/show/2`)).status(), 404, 'her other ticket by the link of one:');
  // A digit: letters count in either case.
  const tail = first.at(-1) === '2' ? '3' : '2';
  for (const link of [first.slice(0, -1) + tail, first.slice(0, -8), `${desk.url}/t/1`, `${desk.url}/enter/AAAA`]) {
    const fresh = await page_(desk);
    is((await fresh.goto(link)).status(), 403, `${link}:`);
    is((await fresh.goto(`${desk.url}/tickets/show/1`)).url(), `${desk.url}/login?next=/tickets/show/1`, 'then');
  }
  quiet(page);
}));

test('no token stays in the address bar, in a Referer, in the log or in the database', withDesk(async (desk, sink) => {
  await desk.kill('SIGTERM');
  await desk.serve({ isVerbose: true });
  desk.admin('setting', 'set', 'site_url', desk.url);
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Mine' });
  const page = await page_(desk), referers = [];
  page.on('request', request => referers.push(request.headers().referer ?? ''));
  const link = await linkIn(sink, 'ann@client.test', 't');
  await page.goto(link);
  await page.getByRole('link', { name: /Submit/ }).first().click();
  await page.context().clearCookies();
  await page.goto(`${desk.url}/login`);
  await page.getByLabel('Your email').fill('ann@client.test');
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await page.waitForURL(/sent=1/);
  const entry = await linkIn(sink, 'ann@client.test', 'enter');
  await page.goto(entry);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${desk.url}/tickets`);
  const cookies = (await page.context().cookies()).map(one => one.value).filter(value => value.length > 30);
  holds(cookies.length >= 1, 'no session');
  const files = ['', '-wal'].map(end => { try { return readFileSync(desk.db + end, 'latin1'); } catch { return ''; } });
  // Links stand in the mails that carried them; a session's secret stands nowhere.
  for (const secret of cookies) holds(!files.some(file => file.includes(secret)), 'a session’s secret is in the database');
  const secrets = [link, entry].map(one => one.split('/').at(-1)).concat(cookies);
  for (const secret of secrets) {
    holds(!desk.log().includes(secret), 'a token is in the log');
    holds(!referers.some(referer => referer.includes(secret)), 'a token is in a Referer');
    holds(!page.url().includes(secret), 'a token is in the address bar');
  }
  holds(desk.log().length > 0, 'there is no log to look at');
}));

test('customers are asked once after closing, and staff see what they say', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Lamp' });
  const page = await page_(desk);
  await page.goto(await linkIn(sink, 'ann@client.test', 't'));
  desk.admin('ticket', 'close', '1');
  await until(() => sink.mails.some(mail => /How did|how was|handled/i.test(plain(mail)) && mail.includes('ann@client.test')), 'nobody was asked by mail');
  await page.goto(page.url());
  await page.getByRole('textbox', { name: /word/i }).or(page.locator('[name=comment]')).first().fill('Quick & kind <3');
  await Promise.all([page.waitForNavigation(), page.locator('button[value=good]').click()]);
  await page.goto(page.url());
  is(await page.locator('button[value=good]').count(), 0, 'asked again:');
  desk.admin('ticket', 'status', '1', 'open');
  desk.admin('ticket', 'close', '1');
  await page.goto(page.url());
  is(await page.locator('button[value=good]').count(), 0, 'asked a second time:');
  const ada = await staff(desk);
  await ada.goto(`${desk.url}/staff/tickets/view/1`);
  await ada.getByText('Quick & kind <3').waitFor();
  await ada.goto(`${desk.url}/staff/setup/figures`);
  await ada.getByText('Handled well: Quick & kind <3').waitFor();
  const said = desk.json('stats').satisfaction;
  is(JSON.stringify([said.asked, said.good, said.bad, said.newest[0].comment]), JSON.stringify([1, 1, 0, 'Quick & kind <3']));
  quiet(page);
  quiet(ada);
}, { satisfaction: '1' }));

/** Changes the desk's database as time would. */
const inDatabase = (desk, statement) => execFileSync('python3', ['-c', 'import sqlite3,sys;c=sqlite3.connect(sys.argv[1],timeout=10);n=c.execute(sys.argv[2]).rowcount;c.commit();assert n>0,n', desk.db, statement]);

async function askForLink(page, desk, email) {
  await page.goto(`${desk.url}/login`);
  await page.getByLabel('Your email').fill(email);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await page.waitForURL(/sent=1/);
}

test('18: a sign-in link of half an hour ago, and one that was used, let nobody in', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Mine' });
  const page = await page_(desk);
  await askForLink(page, desk, 'ann@client.test');
  const link = await linkIn(sink, 'ann@client.test', 'enter');
  await page.goto(link);
  const button = page.getByRole('button', { name: 'Sign in' });
  await button.waitFor();
  // The page was open while its half hour passed.
  inDatabase(desk, 'UPDATE entry_link SET ends_at = ends_at - 1800');
  await button.click();
  await page.getByText('works no more').or(page.getByText('expired')).or(page.getByRole('heading', { name: /link/i })).first().waitFor();
  is((await page.goto(`${desk.url}/tickets`)).url(), `${desk.url}/login`, 'signed in by a link that had ended;');
  is((await page.goto(link)).status(), 403, 'the ended link:');
  await askForLink(page, desk, 'ann@client.test');
  const fresh = await until(async () => { const found = await linkIn(sink, 'ann@client.test', 'enter'); return found !== link && found; }, 'no second link');
  await page.goto(fresh);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${desk.url}/tickets`);
  const other = await page_(desk);
  is((await other.goto(fresh)).status(), 403, 'the used link elsewhere:');
  is((await other.goto(`${desk.url}/tickets`)).url(), `${desk.url}/login`, 'then');
}));

test('18: the link of a ticket ends too, and an altered time is no longer time', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Mine' });
  const link = await linkIn(sink, 'ann@client.test', 't');
  const page = await page_(desk);
  await page.goto(link);
  is(page.url(), `${desk.url}/tickets/show/1`);
  // Every part of the token that is a number may be the time; none may be changed.
  const token = link.split('/').at(-1);
  for (let at = 0; at < token.length; at += 3) {
    const changed = token.slice(0, at) + (token[at] === '7' ? '8' : '7') + token.slice(at + 1);
    const fresh = await page_(desk);
    is((await fresh.goto(link.replace(token, changed))).status(), 403, `changed at ${at}:`);
    await fresh.context().close();
  }
}));

test('20: customers’ wrong passwords lock account and network address, and unknown names take as long', withDesk(async desk => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Mine' });
  // As PHP's password_hash writes it: what customers brought along from HelpDeskZ.
  const own = 'Leuchtturm 77';
  inDatabase(desk, "UPDATE customer SET password_hash = '$2y$10$XNKOceHh5WZqYlv1FuFRJueuFOGfXkq/PAH8n2GmCo0ZRiXOn0t6C' WHERE email = 'ann@client.test'");
  const fresh = await page_(desk);
  const signIn = async (email, secret) => {
    await fresh.goto(`${desk.url}/login`);
    await fresh.getByLabel('Your email').fill(email);
    await fresh.getByLabel('Password').fill(secret);
    const began = Date.now();
    await Promise.all([fresh.waitForNavigation(), fresh.getByRole('button', { name: 'Sign in', exact: true }).click()]);
    return Date.now() - began;
  };
  const [known, unknown] = [await signIn('ann@client.test', 'wrong'), await signIn('nobody@client.test', 'wrong')];
  await fresh.getByText('Invalid email or password.').waitFor();
  holds(Math.abs(known - unknown) < 900 && Math.min(known, unknown) >= 1000, `${known} ms and ${unknown} ms`);
  await signIn('nobody@client.test', 'wrong');
  await signIn('ann@client.test', own);
  holds(/\/login/.test(fresh.url()) && /5/.test(await fresh.getByRole('alert').innerText()), `the address is not locked: ${fresh.url()}`);
  desk.admin('setting', 'set', 'login_attempt', '0');
  await signIn('ann@client.test', own);
  is(fresh.url(), `${desk.url}/tickets`, 'without the lock:');
  // Staff from the same address were never locked.
  desk.admin('setting', 'set', 'login_attempt', '3');
  await staff(desk, 'abe');
  // More than twenty failures in an hour lock the account, wherever they come from.
  inDatabase(desk, "INSERT INTO login_log (at, staff_id, username, ip, agent, is_success) SELECT unixepoch() - 10, 0, 'ann@client.test', '192.0.2.' || value, 'test', 0 FROM (WITH RECURSIVE n(value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM n WHERE value < 21) SELECT value FROM n)");
  desk.admin('setting', 'set', 'login_attempt', '0');
  await fresh.context().clearCookies();
  await signIn('ann@client.test', own);
  holds(/\/login/.test(fresh.url()) && /60/.test(await fresh.getByRole('alert').innerText()), `the account is not locked: ${fresh.url()}`);
}, { login_attempt: '3', login_attempt_minutes: '5' }));

test('a customer who is blocked at the command line is signed out and comes in no more, until let in again', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Mine' });
  const page = await page_(desk);
  await askForLink(page, desk, 'ann@client.test');
  await page.goto(await linkIn(sink, 'ann@client.test', 'enter'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${desk.url}/tickets`);
  is(desk.json('user', 'update', 'ann@client.test', '--active', 'false').active, false);
  is((await page.goto(`${desk.url}/tickets`)).url(), `${desk.url}/login`, 'still signed in;');
  const mails = sink.mails.length;
  await askForLink(page, desk, 'ann@client.test');
  desk.admin('user', 'update', 'ann@client.test', '--active', 'true');
  await askForLink(page, desk, 'ann@client.test');
  await until(() => sink.mails.length > mails, 'no link after being let in again');
  is(sink.mails.length, mails + 1, 'links:');
}));

test('39: customers in Kolkata and New York see their own times over a change of the clocks', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Before' });
  desk.admin('ticket', 'reply', '1', '--staff', 'ada', '--message', 'After');
  // Half an hour before and after New York sets its clocks back, 2025-11-02 06:00 UTC.
  const [before, after] = [Date.UTC(2025, 10, 2, 5, 30) / 1000, Date.UTC(2025, 10, 2, 6, 30) / 1000];
  inDatabase(desk, `UPDATE message SET created_at = CASE id WHEN 1 THEN ${before} ELSE ${after} END WHERE ticket_id = 1`);
  const link = await linkIn(sink, 'ann@client.test', 't');
  for (const [timezoneId, wanted] of [['America/New_York', [/01:30 EDT/, /01:30 EST/]], ['Asia/Kolkata', [/11:00/, /12:00/]]]) {
    const page = await page_(desk, { timezoneId, locale: 'en-GB' });
    await page.goto(link);
    await page.reload();
    const shown = await page.locator('article time').evaluateAll(all => all.map(one => one.getAttribute('title')));
    for (const time of wanted) holds(shown.some(title => time.test(title)), `${timezoneId}: ${shown.join('; ')}`);
    await page.context().close();
  }
}));

test('in four languages nothing is missing and nothing overflows, and mixed scripts read right', withDesk(async (desk, sink) => {
  desk.mail({ from: 'سارة الأحمد <sara@client.test>', subject: 'شكرا for the 電灯 lamp', text: 'مرحبا, the lamp works.' });
  const link = await linkIn(sink, 'sara@client.test', 't');
  for (const locale of ['en-GB', 'de-DE', 'es-ES', 'fr-FR']) {
    const page = await page_(desk, { locale, viewport: { width: 320, height: 700 } });
    await page.goto(link);
    for (const path of ['/tickets/show/1', '/', '/submit-ticket', '/login', '/search?q=lamp', '/t/wrong', '/nothing']) {
      await page.goto(desk.url + path);
      is(await page.locator('html').getAttribute('lang'), locale.slice(0, 2), `${path}, language:`);
      is((await misfits(page)).join('\n'), '', `${locale} ${path}:`);
      const text = await page.locator('body').innerText();
      holds(!/\{ ?\$|\?\?\?/.test(text), `${locale} ${path}: a text with a hole: ${text.match(/.{0,40}(\{ ?\$|\?\?\?).{0,20}/)?.[0]}`);
    }
    await page.goto(`${desk.url}/tickets/show/1`);
    is(await page.locator('h1 bdi').first().evaluate(one => getComputedStyle(one).unicodeBidi), 'isolate', 'the subject is isolated:');
    quiet(page);
    await page.context().close();
  }
}));

await end();
