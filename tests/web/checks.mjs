// What the agents' pages promise, in a real browser: node tests/web/checks.mjs [WORD], with WORD a part of a test's name.
// Ends with "N passed, N failed". The numbers are those of the list of checks the pages were designed by.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary } from './desk.mjs';
import { axe, browser, holds, is, open, password, quiet, run, test, totp, until, window_, withDesk } from './browser.mjs';

/** Takes in many mails at once, as an archive of them would be. */
function mbox(desk, mails, address = 'support@desk.test') {
  const path = join(desk.dir, 'mails.mbox');
  const one = ({ from, subject, text, id, head = '' }, n) => `From x Thu Jan  1 00:00:00 2026\nFrom: ${from ?? `C${n} <c${n}@client.test>`}\nTo: ${address}\nSubject: ${subject}\nMessage-ID: <${id ?? `b${n}.${process.pid}.${Date.now()}`}@client.test>\nDate: ${new Date(Date.now() - 86400000 + n * 1000).toUTCString()}\n${head}Content-Type: text/plain; charset=utf-8\n\n${text ?? 'Hello'}\n\n`;
  writeFileSync(path, mails.map(one).join(''));
  desk.admin('import', 'mbox', path, '--address', address);
}
const send = page => page.getByRole('button', { name: 'Send', exact: true }).click();
const message = page => page.getByRole('textbox', { name: 'Message' });
const sent = page => page.getByText('Sent.', { exact: true }).waitFor();
/** What has the focus: role and name, and whether one sees it. */
const focused = page => page.evaluate(() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const isSeen = one === document.body || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || one.matches('iframe');
  const inside = box.bottom > 0 && box.top < innerHeight;
  return { tag: one.tagName, name: one.getAttribute('aria-label') ?? one.getAttribute('name') ?? one.textContent.trim().slice(0, 40), isSeen, inside };
});
/** Presses Tab until that element has the focus; every stop on the way has to be visible. */
async function tabTo(page, locator, max = 80) {
  const wanted = await locator.first().elementHandle();
  for (let n = 0; n < max; n++) {
    if (await wanted.evaluate(one => one === document.activeElement)) return;
    await page.keyboard.press('Tab');
    // Pages may roll softly.
    let at = await focused(page);
    for (let n = 0; n < 40 && !at.inside; n++) { await page.waitForTimeout(25); at = await focused(page); }
    holds(at.isSeen, `the focus cannot be seen on ${at.tag} ${at.name}`);
    holds(at.inside, `the focus is outside of the window on ${at.tag} ${at.name}`);
  }
  throw new Error(`Tab does not lead to ${await wanted.evaluate(one => one.outerHTML.slice(0, 80))}`);
}
async function signIn(page, desk, user, secret, more = async () => {}) {
  await page.goto(`${desk.url}/staff/login`);
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password').fill(secret);
  await more();
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('4: from the inbox to an answer and the next ticket by keyboard alone, the focus always in sight', withDesk({ undo_send_s: '0' }, async desk => {
  for (const subject of ['One', 'Two']) desk.mail({ subject });
  const page = await window_(desk, 'abe');
  await tabTo(page, page.getByRole('link', { name: 'Two' }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/view\/2/);
  await tabTo(page, message(page));
  await page.keyboard.type('by keyboard');
  await tabTo(page, page.getByRole('button', { name: 'Send', exact: true }));
  await page.keyboard.press('Enter');
  await sent(page);
  await page.getByRole('article').filter({ hasText: 'by keyboard' }).waitFor();
  await tabTo(page, page.getByRole('link', { name: 'Back' }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/staff\/tickets$/);
  await tabTo(page, page.getByRole('link', { name: 'One' }));
  // The status by arrow keys counts when one leaves the box, and not before.
  await page.keyboard.press('Enter');
  await page.waitForURL(/view\/1/);
  await tabTo(page, page.getByRole('combobox', { name: 'Status' }));
  await page.keyboard.press('End');
  is(desk.json('ticket', 'show', '1').status, 'open');
  await page.keyboard.press('Tab');
  await page.getByText('Closed 1 ticket.').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  const inside = await page.evaluate(() => document.querySelector('#keys').contains(document.activeElement));
  holds(inside, 'the focus is not in the dialog');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  quiet(page);
}));

test('5: every key works, none of them in a field, and the switch silences them', withDesk({ web_page: '2', undo_send_s: '0' }, async desk => {
  desk.mail({ subject: 'Quoted', text: 'New.\n\nOn Monday Bob wrote:\n> old', html: '<table><tr><td>New.</td></tr></table>' });
  for (const subject of ['One', 'Two', 'Three']) desk.mail({ subject });
  const page = await window_(desk, 'abe');
  const inbox = () => page.goto(`${desk.url}/staff/tickets`);
  const at = () => page.locator('.row.at').getAttribute('data-ticket');
  await page.keyboard.press('j'); await page.keyboard.press('j'); is(await at(), '3', 'j');
  await page.keyboard.press('k'); is(await at(), '4', 'k');
  await page.keyboard.press('x'); await page.keyboard.press('j'); await page.keyboard.press('X');
  is(await page.getByRole('checkbox', { name: /^Select #/, checked: true }).count(), 2, 'X');
  await page.keyboard.press('a'); is((await focused(page)).name, 'Assign to', 'a');
  await inbox();
  await page.keyboard.press('s'); is((await focused(page)).name, 'Status', 's');
  await inbox();
  await page.keyboard.press('m'); is((await focused(page)).name, 'Department', 'm');
  await inbox();
  await page.keyboard.press('/'); is((await focused(page)).name, 'Search', '/');
  await inbox();
  await page.keyboard.press(']'); await page.waitForURL(/after=/);
  await page.keyboard.press('['); await page.waitForURL(/staff\/tickets$/);
  for (const [key, url] of [['m', /mine/], ['w', /answered/], ['o', /overdue/], ['i', /tickets$/]]) { await page.keyboard.press('g'); await page.keyboard.press(key); await page.waitForURL(url); }
  await page.keyboard.press('j'); await page.keyboard.press('!');
  await page.getByText('Spam', { exact: true }).first().waitFor();
  await inbox();
  await page.keyboard.press('j'); await page.keyboard.press('t');
  await page.getByText('Took 1 ticket.').waitFor();
  await open(page, 1);
  for (const [key, name] of [['a', 'Assignee'], ['s', 'Status'], ['m', 'Department']]) { await page.keyboard.press(key); is((await focused(page)).name, name, key); await page.evaluate(() => document.activeElement.blur()); }
  const isOpen = what => page.locator(what).evaluate(one => one.open);
  const formatted = await isOpen('.formatted');
  await page.keyboard.press('f'); is(await isOpen('.formatted'), !formatted, 'f');
  const fold = await page.locator('.quoted').count();
  if (fold) { await page.keyboard.press('q'); is(await isOpen('.quoted'), true, 'q'); }
  await page.keyboard.press('z'); is(await isOpen('#snooze'), true, 'z');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('r'); is((await focused(page)).name, 'Message', 'r');
  await page.keyboard.press('Escape');
  await page.keyboard.press('n'); await page.getByRole('button', { name: 'Save note' }).waitFor();
  const all = 'jkxXatsmrnfqu!z[]g?';
  await page.keyboard.type(all);
  is(await message(page).inputValue(), all, 'in a field');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('article').filter({ hasText: all }).waitFor();
  is(await page.getByRole('article').count(), 2, 'a note more');
  await page.evaluate(() => document.activeElement.blur());
  const taken = page.waitForEvent('load');
  await page.keyboard.press('t');
  await taken;
  await until(async () => await page.locator('#properties').count() === 1 && await page.getByRole('button', { name: 'Take' }).count() === 0, 't');
  await page.waitForLoadState('load');
  await page.keyboard.press('u'); await page.waitForURL(url => url.pathname === '/staff/tickets');
  await open(page, 1);
  await page.keyboard.press('Escape'); await page.waitForURL(url => url.pathname === '/staff/tickets');
  await page.goto(`${desk.url}/staff/account/profile`);
  await page.getByLabel(/Single keys/i).uncheck();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').waitFor();
  await inbox();
  for (const key of 'jx?/g') await page.keyboard.press(key);
  is((await focused(page)).tag, 'BODY', 'silenced');
  is(await page.getByRole('checkbox', { name: /^Select #/, checked: true }).count(), 0, 'silenced:');
  quiet(page);
}));

test('7: nothing is cut off with text of twice the size, or at a zoom of 400 %', withDesk({}, async desk => {
  desk.mail({ subject: 'Printer prints blank pages on the second floor', from: 'Jörg Müller-Lüdenscheidt <joerg.mueller@client.test>' });
  desk.admin('department', 'add', 'Rechnungswesen und Mahnwesen');
  const paths = ['/staff/tickets', '/staff/tickets/view/1', '/staff/tickets/create', '/staff/account/profile', '/staff/aside', '/staff/outbox'];
  // What is cut: text wider or higher than the box around it, where that box shows no more of it.
  const cut = () => [...document.querySelectorAll('main *, .top *, .side *')].filter(one => one.checkVisibility() && !one.closest('.hidden,svg,iframe,input,[hidden]')).filter(one => {
    const style = getComputedStyle(one), hides = way => ['hidden', 'clip'].includes(style[way]);
    const isShort = style.textOverflow === 'ellipsis';
    return (hides('overflowX') && one.scrollWidth > one.clientWidth + 1 && !isShort) || (hides('overflowY') && one.scrollHeight > one.clientHeight + 2 && one.clientHeight > 0);
  }).map(one => one.outerHTML.slice(0, 90));
  for (const [what, options, size] of [['200 %', { viewport: { width: 1280, height: 800 } }, 200], ['400 %', { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 }, 100]]) {
    const page = await window_(desk, 'ada', options);
    for (const path of paths) {
      await page.goto(desk.url + path);
      if (size !== 100) await page.evaluate(size => { const sheet = new CSSStyleSheet(); sheet.replaceSync(`html{font-size:${size}%}`); document.adoptedStyleSheets = [sheet]; }, size);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      holds(wide <= 0, `${path} at ${what} is ${wide} px too wide`);
      is((await page.evaluate(cut)).join('\n'), '', `${path} at ${what} cuts`);
      const covered = await page.evaluate(() => [...document.querySelectorAll('main button, main input:not([type=hidden]), main select, main textarea')].filter(one => one.checkVisibility() && !one.closest('.hidden,[hidden]') && !one.matches('.hidden')).filter(one => { one.scrollIntoView({ block: 'center' }); const box = one.getBoundingClientRect(); const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, innerHeight / 2)); return top && !(one.contains(top) || top.contains(one) || top.closest('label') === one.closest('label') && one.closest('label')); }).map(one => one.outerHTML.slice(0, 90)));
      is(covered.join('\n'), '', `${path} at ${what} covers`);
    }
    await page.context().close();
  }
}));

test('9: one heading, landmarks, a title and a language on each page; new rows are said politely', withDesk({}, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'ada');
  const titles = new Set();
  const paths = ['/staff/tickets', '/staff/tickets/mine', '/staff/tickets/view/1', '/staff/tickets/create', '/staff/aside', '/staff/outbox', '/staff/account/profile', '/staff/tickets/search?q=Lamp'];
  for (const path of paths) {
    await page.goto(desk.url + path);
    is(await page.getByRole('heading', { level: 1 }).count(), 1, `h1 of ${path}:`);
    for (const landmark of ['main', 'banner', 'search']) is(await page.getByRole(landmark).count(), 1, `${landmark} of ${path}:`);
    holds(await page.getByRole('navigation').count() >= 1, `no navigation on ${path}`);
    is(await page.locator('html').getAttribute('lang'), 'en');
    titles.add(await page.title());
  }
  is(titles.size, paths.length, `titles ${[...titles].join(' | ')}:`);
  await page.goto(`${desk.url}/staff/tickets`);
  await page.waitForTimeout(1200);
  desk.mail({ subject: 'A new one' });
  await page.getByRole('link', { name: 'A new one' }).waitFor();
  const said = page.locator('[aria-live=polite]').filter({ hasText: /\S/ });
  await said.first().waitFor({ state: 'attached', timeout: 2000 });
  is(await page.evaluate(() => document.activeElement === document.body), true, 'the focus stays:');
  quiet(page);
}));

test('10: no page asks for what its policy forbids, and the policy is the strict one', withDesk({}, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'ada');
  const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
  for (const path of ['/staff/login', '/staff/tickets', '/staff/tickets/view/1', '/staff/tickets/create', '/staff/aside', '/staff/outbox', '/staff/account/profile', '/staff/kb', '/staff/setup/general', '/staff/nothing']) {
    const response = await page.goto(desk.url + path);
    is(response.headers()['content-security-policy'], policy, path);
    // 11: nothing inline.
    is(await page.evaluate(() => [...document.querySelectorAll('style, [style], script:not([src]), [onclick], [onload]')].map(one => one.outerHTML.slice(0, 60)).join()), '', `inline on ${path}:`);
  }
  quiet(page);
}));

test('14: files that could run are downloaded, and no name breaks a header', withDesk({}, async desk => {
  const names = [['a.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'], ['b.html', 'text/html', '<script>alert(2)</script>'], ['c.xml', 'application/xml', '<?xml version="1.0"?><x/>'], ['d.pdf', 'application/pdf', '%PDF-1.4'], ['e"; filename=evil.html', 'text/plain', 'x'], ['ü\u202Egnp.exe.txt', 'text/plain', 'x']];
  const encoded = name => `=?utf-8?B?${Buffer.from(name).toString('base64')}?=`;
  const parts = names.map(([name, type, body]) => `--b\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename="${encoded(name)}"\r\n\r\n${body}\r\n`).join('');
  desk.mail({ raw: `From: Ann <ann@client.test>\r\nTo: support@desk.test\r\nSubject: Files\r\nMessage-ID: <files@client.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee\r\n${parts}--b--\r\n` });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  const links = page.locator('ul.files a');
  is(await links.count(), names.length, 'files:');
  for (const link of await links.all()) {
    const response = await page.request.get(desk.url + await link.getAttribute('href'));
    const headers = response.headers();
    is(response.status(), 200);
    holds(/^attachment; filename\*=UTF-8''[A-Za-z0-9%._-]+$/.test(headers['content-disposition']), headers['content-disposition']);
    is(headers['content-type'], 'application/octet-stream');
    is(headers['x-content-type-options'], 'nosniff');
    holds(headers['content-security-policy'].startsWith('sandbox'), headers['content-security-policy']);
    holds(!/%E2%80%AE/i.test(headers['content-disposition']), 'a name turns its own end around');
  }
  const waits = page.waitForEvent('download');
  await links.first().click();
  is((await waits).suggestedFilename(), 'a.svg');
  quiet(page);
}));

test('15: markup in subject, name, tag and canned title is text everywhere', withDesk({}, async desk => {
  const mark = '<img src=x onerror=alert(1)>';
  desk.mail({ subject: mark, from: `"${mark}" <ann@client.test>` });
  const page = await window_(desk, 'ada');
  await page.goto(`${desk.url}/staff/canned-responses/new`);
  await page.getByLabel('Title').fill(mark);
  await page.locator('main textarea').first().fill('Hello');
  await page.getByRole('button', { name: 'Save' }).click();
  await open(page, 1);
  await page.getByRole('combobox', { name: 'Tag' }).fill('<b>tag</b>');
  await page.getByRole('button', { name: 'Add tag' }).click();
  await page.getByText('<b>tag</b>').first().waitFor();
  is(await page.getByRole('heading', { level: 1 }).innerText(), `#1 ${mark}`);
  await page.getByRole('button', { name: 'Canned', exact: false }).first().click();
  await page.getByRole('button', { name: mark }).waitFor();
  for (const path of ['/staff/tickets', '/staff/tickets/search?q=onerror', '/staff/canned-responses', '/staff/setup/tags', '/staff/setup/audit']) {
    await page.goto(desk.url + path);
    is(await page.locator('img[src=x]').count(), 0, path);
  }
  quiet(page);
}));

test('16, 17: no form of another site, without token or with a stranger’s, and nothing of another department', withDesk({}, async desk => {
  desk.mail({ subject: 'Ours' });
  desk.mail({ subject: 'Secret offer', to: 'sales@desk.test' });
  const [abe, sue] = [await window_(desk, 'abe'), await window_(desk, 'sue')];
  await open(abe, 1); await open(sue, 2);
  const token = page => page.evaluate(() => document.body.dataset.token);
  const post = (page, path, form, headers = {}) => page.request.post(desk.url + path, { form, headers: { 'Sec-Fetch-Site': 'same-origin', ...headers }, maxRedirects: 0 });
  const close = { do: 'apply', status: 'closed', 'was-status': 'open' };
  const tries = [
    post(abe, '/staff/tickets/view/1', { ...close, form_token: await token(abe) }, { 'Sec-Fetch-Site': 'cross-site' }),
    post(abe, '/staff/tickets/view/1', close),
    post(abe, '/staff/tickets/view/1', { ...close, form_token: await token(sue) }),
  ];
  for (const answer of await Promise.all(tries)) is(answer.status(), 403);
  is(desk.json('ticket', 'show', '1').status, 'open');
  const own = { form_token: await token(abe) };
  for (const [path, form] of [['/staff/tickets/view/2', { ...own, ...close }], ['/staff/drafts', { ...own, ticket: '2', kind: 'note', text: 'x', key: '0'.repeat(32) }], ['/staff/pulse', { ...own, ticket: '2', event: '0' }], ['/staff/tickets/bulk', { ...own, do: 'close', ticket: '2' }]]) is((await post(abe, path, form)).status(), 404, path);
  const frame = await sue.locator('iframe').count();
  is(frame, 0, 'a plain mail has no frame;');
  for (const path of ['/staff/tickets/view/2', '/staff/messages/2/mail', '/staff/canned-responses/insert?ticket=2']) is((await abe.request.get(desk.url + path)).status(), 404, path);
  await abe.goto(`${desk.url}/staff/tickets/search?q=Secret`);
  is(await abe.getByRole('link', { name: 'Secret offer' }).count(), 0);
  const pulse = await (await post(abe, '/staff/pulse', { ...own, event: '0' })).json();
  holds(!JSON.stringify(pulse.changed ?? []).includes('2'), 'the pulse names it');
}));

test('19: no secret of a session stands in an address, a Referer, a page or the log', withDesk({}, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, null);
  const seen = [];
  page.on('request', asked => seen.push(asked.url(), asked.headers().referer ?? ''));
  await signIn(page, desk, 'abe', password);
  await page.waitForURL(/staff\/tickets/);
  await page.getByRole('link', { name: 'Lamp' }).click();
  await page.getByRole('link', { name: 'Back' }).click();
  const [cookie] = (await page.context().cookies()).filter(one => one.name === '__Host-maildesk');
  holds(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Lax' && cookie.path === '/', JSON.stringify(cookie));
  const token = await page.evaluate(() => document.body.dataset.token);
  for (const secret of [cookie.value, token, password]) holds(!seen.some(text => text.includes(secret)), 'a secret in an address or Referer');
  holds(!(await page.content()).includes(cookie.value), 'the cookie is in the page');
  await desk.kill('SIGTERM');
  // With everything that can be logged.
  await desk.serve({ isVerbose: true });
  const logged = () => desk.log();
  const again = await window_(desk, 'abe');
  const [other] = (await again.context().cookies()).filter(one => one.name === '__Host-maildesk');
  await again.getByRole('link', { name: 'Lamp' }).click();
  holds(logged().includes('/staff/tickets'), `the log says nothing: ${logged().slice(0, 200)}`);
  for (const secret of [other.value, password]) holds(!logged().includes(secret), 'a secret in the log');
}));

test('20: wrong passwords lock, names that are not there take as long, and a code works once', withDesk({ login_attempt: '3', login_attempt_minutes: '5' }, async desk => {
  const page = await window_(desk, null);
  const wrong = page.getByText('Invalid username or password.');
  const times = { ada: [], nobody: [] };
  for (const user of ['ada', 'nobody']) for (let n = 0; n < 1; n++) {
    const began = Date.now();
    await signIn(page, desk, user, 'wrong');
    await wrong.waitFor();
    times[user].push(Date.now() - began);
  }
  holds(Math.abs(times.ada[0] - times.nobody[0]) < 1500, `ada ${times.ada} ms, nobody ${times.nobody} ms`);
  await signIn(page, desk, 'abe', 'wrong');
  await signIn(page, desk, 'abe', 'wrong');
  await signIn(page, desk, 'abe', password);
  await page.waitForTimeout(200);
  holds(!/staff\/tickets/.test(page.url()), 'signed in after so many wrong tries');
  await desk.kill('SIGTERM');
  desk.admin('setting', 'set', 'login_attempt', '0');
  await desk.serve();
  const abe = await window_(desk, 'abe');
  await abe.goto(`${desk.url}/staff/account/profile`);
  await abe.getByRole('button', { name: 'Set up' }).click();
  const secret = (await abe.locator('form code').first().innerText()).replaceAll(' ', '');
  await abe.getByLabel('Code').fill(totp(secret, -1));
  await abe.getByLabel('Current password').last().fill(password);
  await abe.getByRole('button', { name: 'Turn on' }).click();
  const recovery = await abe.locator('.codes code').first().innerText();
  const other = await window_(desk, null);
  await signIn(other, desk, 'abe', password);
  await other.getByLabel('Code').waitFor();
  const now = totp(secret);
  await other.getByLabel('Code').fill(now);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.waitForURL(/staff\/tickets/);
  const third = await window_(desk, null);
  await signIn(third, desk, 'abe', password);
  await third.getByLabel('Code').fill(now);
  await third.getByRole('button', { name: 'Sign in' }).click();
  await third.waitForTimeout(300);
  holds(!/staff\/tickets/.test(third.url()), 'the same code twice');
  await third.getByLabel('Code').fill(recovery);
  await third.getByRole('button', { name: 'Sign in' }).click();
  await third.waitForURL(/staff\/tickets/);
}));

test('21: a new password ends the other sessions, and the database holds no secret', withDesk({}, async desk => {
  const [here, there] = [await window_(desk, 'abe'), await window_(desk, 'abe')];
  await here.goto(`${desk.url}/staff/account/profile`);
  await here.getByLabel('Current password').first().fill(password);
  await here.getByLabel('New password').fill('another-long-secret');
  await here.getByRole('button', { name: 'Change password' }).click();
  await here.getByText('Saved.').waitFor();
  await there.goto(`${desk.url}/staff/tickets`);
  await there.waitForURL(/staff\/login/);
  const cookies = [...await here.context().cookies(), ...await there.context().cookies()].filter(one => one.name === '__Host-maildesk').map(one => one.value);
  holds(cookies.length >= 1, 'no cookie');
  await desk.kill('SIGTERM');
  for (const name of readdirSync(desk.dir).filter(name => name.startsWith('desk.db'))) {
    const bytes = readFileSync(join(desk.dir, name)).toString('latin1');
    for (const secret of [...cookies, password, 'another-long-secret']) holds(!bytes.includes(secret), `${name} holds a secret`);
  }
}));

test('24: a customer who writes while somebody answers stops the answer, which goes out anyway once', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await message(page).fill('typed in vain?');
  await page.getByLabel('Files').setInputFiles({ name: 'kept.txt', mimeType: 'text/plain', buffer: Buffer.from('K') });
  await page.getByText(/Draft saved/).waitFor();
  await page.context().setOffline(true);
  desk.mail({ subject: 'Re: Lamp [#1]', text: 'It works again.' });
  await page.context().setOffline(false);
  const answered = page.waitForResponse(response => response.request().method() === 'POST' && response.url().includes('/view/1'));
  await send(page);
  is((await answered).status(), 409);
  await page.getByRole('article').filter({ hasText: 'It works again.' }).waitFor();
  is(await message(page).inputValue(), 'typed in vain?');
  await page.getByText('kept.txt').waitFor();
  await page.getByRole('button', { name: 'Send anyway' }).click();
  await sent(page);
  await until(() => sink.mails.filter(mail => mail.includes('typed in vain?') && mail.includes('kept.txt')).length === 1, 'it was not sent once');
}));

test('28: an answer goes to whom it was sent to, whoever the ticket is given to meanwhile', withDesk({ undo_send_s: '3' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await message(page).fill('for Ann alone');
  await send(page);
  await page.getByRole('button', { name: /^Undo/ }).waitFor();
  await page.getByText('More', { exact: true }).click();
  await page.getByLabel('Address of the customer').fill('bob@client.test');
  await page.getByRole('button', { name: 'Give to this customer' }).click();
  await until(() => sink.mails.some(mail => mail.includes('for Ann alone')), 'it was not sent', 15000);
  holds(sink.mails.filter(mail => mail.includes('for Ann alone')).every(mail => /^To:.*ann@client\.test/m.test(mail) && !mail.includes('bob@client.test')), 'it went to Bob');
  holds(JSON.stringify(desk.json('ticket', 'show', '1')).includes('bob@client.test'), 'the ticket was not given to Bob');
}));

test('33: 500 found tickets are closed after one question, each with its event, and opened again by one click', withDesk({}, async desk => {
  mbox(desk, Array.from({ length: 500 }, (_, n) => ({ subject: `Lamp ${n}` })));
  const page = await window_(desk, 'abe');
  await page.goto(`${desk.url}/staff/tickets/search?q=Lamp`);
  await page.getByLabel('Select #1', { exact: true }).or(page.getByRole('checkbox', { name: /^Select #/ })).first().check();
  await page.getByText('More', { exact: true }).click();
  await page.getByLabel(/all/i).last().check();
  await page.getByRole('button', { name: 'Close', exact: true }).first().click();
  await page.getByText('500').first().waitFor();
  is(await page.getByRole('button', { name: 'Close', exact: true }).count(), 1, 'questions:');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByText('Closed 500 tickets.').waitFor();
  const closed = () => desk.json('ticket', 'list', '--status', 'closed', '--limit', '1000').length;
  is(closed(), 500);
  await open(page, 250);
  await page.getByText('History', { exact: true }).click();
  is(await page.locator('.events li').filter({ hasText: /Closed/ }).count(), 1, 'events of one ticket:');
  await page.goBack();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undone.').waitFor();
  is(closed(), 0);
  is(await page.getByRole('button', { name: 'Undo' }).count(), 0);
  quiet(page);
}));

test('35: the first row is painted within 500 ms on a slow machine', withDesk({}, async desk => {
  mbox(desk, Array.from({ length: 60 }, (_, n) => ({ subject: `Ticket ${n}` })));
  const page = await window_(desk, 'abe');
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  const paints = [];
  // What else the machine does only makes it slower.
  for (let n = 0; n < 12 && !paints.some(ms => ms <= 500); n++) {
    const response = await page.goto(`${desk.url}/staff/tickets`);
    holds((await response.body()).length <= 45_000, 'the page is too large');
    // What the browser does with the page, from its first byte to the picture.
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0, null, { polling: 50 });
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime - performance.getEntriesByType('navigation')[0].responseStart));
  }
  paints.sort((one, other) => one - other);
  console.log(`   first paint ${paints.map(ms => Math.round(ms)).join(', ')} ms after the first byte`);
  holds(paints[0] <= 500, `${paints.join()} ms`);
}));

test('36: a ticket of 500 messages and one with a mail of 1 MB show their text at once and never hold the browser up', withDesk({ mails_per_hour: '0' }, async desk => {
  const root = `root.${process.pid}`;
  mbox(desk, [{ subject: 'Long', from: 'Ann <ann@client.test>', id: root, text: 'The first one.' }, ...Array.from({ length: 499 }, (_, n) => ({ subject: 'Re: Long', from: 'Ann <ann@client.test>', text: `Message ${n}. ${'It still flickers, and here is more about it. '.repeat(8)}`, head: `In-Reply-To: <${root}@client.test>\n` }))]);
  const line = 'The lamp flickers whenever the fridge starts, and the radio hums along with it. ';
  desk.mail({ subject: 'Huge', text: (`${line}\r\n`).repeat(Math.ceil(1024 * 1024 / line.length)) });
  const page = await window_(desk, 'abe');
  await page.addInitScript(() => {
    window.tasks = [];
    new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(one => one.duration))).observe({ type: 'longtask', buffered: true });
  });
  const huge = desk.json('ticket', 'list', '--limit', '10').find(one => one.subject === 'Huge').id;
  for (const [id, articles] of [[1, 500], [huge, 1]]) {
    const measured = [];
    const isMet = one => one.text <= 500 && one.task <= 200;
    // What else the machine does only makes it slower.
    for (let n = 0; n < 12 && !measured.some(isMet); n++) {
      await open(page, id);
      is(await page.getByRole('article').count(), articles, `articles of #${id}:`);
      // To the end and back, so that everything was laid out once.
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      await page.waitForTimeout(300);
      measured.push(await page.evaluate(() => {
        const first = performance.getEntriesByName('first-contentful-paint')[0].startTime;
        return { text: first - performance.getEntriesByType('navigation')[0].responseStart, task: Math.max(0, ...window.tasks) };
      }));
    }
    const best = measured.find(isMet) ?? measured.at(-1);
    console.log(`   #${id}: first text ${Math.round(best.text)} ms after the first byte, longest task ${Math.round(best.task)} ms`);
    holds(best.text <= 500, `#${id}: the first text after ${measured.map(one => Math.round(one.text)).join()} ms`);
    holds(best.task <= 200, `#${id}: tasks of ${measured.map(one => Math.round(one.task)).join()} ms`);
  }
  const link = page.getByRole('link', { name: 'The whole of this long text' });
  const [whole] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
  await whole.waitForLoadState();
  holds((await whole.locator('body').innerText()).length >= 1024 * 1024, 'the whole text is not there');
  const sue = await window_(desk, 'sue');
  is((await sue.request.get(desk.url + await link.getAttribute('href'))).status(), 404, 'for another department:');
  quiet(page);
}));

test('39: agents in Kolkata and New York see their own times over a change of the clocks, and every language fits', withDesk({}, async desk => {
  desk.mail({ subject: 'شكرا for the lamp ٤٢ and 電灯', from: 'سلمى Salma <salma@client.test>', head: 'Date: Sun, 02 Nov 2025 06:30:00 +0000\r\n' });
  // Half an hour before and after New York sets its clocks back, 2025-11-02 06:00 UTC.
  mbox(desk, [{ subject: 'Before', head: 'X-Order: 1\n' }]);
  const seconds = [Date.UTC(2025, 10, 2, 5, 30) / 1000, Date.UTC(2025, 10, 2, 6, 30) / 1000];
  desk.admin('stats');
  execFileSync('python3', ['-c', `import sqlite3,sys;c=sqlite3.connect(sys.argv[1]);c.execute("UPDATE ticket SET last_update_at=? WHERE id=1",(${seconds[0]},));c.execute("UPDATE ticket SET last_update_at=? WHERE id=2",(${seconds[1]},));c.commit()`, desk.db]);
  for (const [timezoneId, locale, wanted] of [['America/New_York', 'en-US', [/1:30|01:30/, /1:30|01:30/]], ['Asia/Kolkata', 'en-IN', [/11:00/, /12:00/]]]) {
    const page = await window_(desk, 'abe', { timezoneId, locale });
    await page.reload();
    for (const [n, subject] of [[0, 'lamp'], [1, 'Before']]) {
      const title = await page.locator('li.row').filter({ hasText: subject }).locator('time').getAttribute('title');
      holds(wanted[n].test(title) && /New_York|Kolkata|Calcutta|EDT|EST|IST|[+-]\d\d/.test(title), `${timezoneId} ${subject}: ${title}`);
    }
    const [first, second] = await page.locator('li.row time').evaluateAll(all => all.map(one => one.getAttribute('title')));
    holds(first !== second, `the hour that comes twice cannot be told apart: ${first}`);
    await page.context().close();
  }
  for (const locale of ['en-GB', 'de-DE', 'es-ES', 'fr-FR']) for (const width of [1280, 320]) {
    const context = await browser.newContext({ locale, viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(`${desk.url}/staff/login`);
    await page.locator('[name=username]').fill('ada');
    await page.locator('[name=password]').fill(password);
    await page.locator('main button, form button').first().click();
    await page.waitForURL(/staff\/tickets/);
    for (const path of ['/staff/tickets', '/staff/tickets/view/1', '/staff/tickets/view/1?write=note', '/staff/tickets/create', '/staff/aside', '/staff/outbox', '/staff/account/profile', '/staff/tickets/search?q=x']) {
      await page.goto(desk.url + path);
      is(await page.locator('html').getAttribute('lang'), locale.slice(0, 2));
      const wide = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, [...document.querySelectorAll('button, .button')].filter(one => one.checkVisibility() && !one.matches('.hidden') && one.scrollWidth > one.clientWidth + 1).map(one => one.textContent.trim()).join()]);
      is(wide.join('; ').replace(/^-?\d+/, n => n > 0 ? n : 0), '0; ', `${locale} ${path} at ${width}:`);
    }
    // A name that is written from right to left does not turn what stands beside it around.
    await page.goto(`${desk.url}/staff/tickets/view/1`);
    is(await page.locator('h1 bdi').count(), 1);
    await context.close();
  }
}));

test('8: axe finds nothing serious with dialogs and sheets open', withDesk({ mails_per_hour: '2' }, async desk => {
  for (const subject of ['One', 'Two', 'Three']) desk.mail({ subject });
  execFileSync(binary, ['--db', desk.db, 'admin', 'setting', 'set', 'site_name', 'Desk']);
  const wrong = [];
  for (const colorScheme of ['light', 'dark']) {
    const page = await window_(desk, 'ada', { colorScheme });
    const check = async what => {
      const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
      for (const one of found.violations) if (['serious', 'critical'].includes(one.impact)) wrong.push(`${colorScheme} ${what}: ${one.id} ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 120)).join(' | ')}`);
    };
    await page.keyboard.press('?');
    await check('keys');
    await page.keyboard.press('Escape');
    await page.getByText('More', { exact: true }).click();
    await check('sheet of the list');
    await open(page, 1);
    for (const summary of await page.locator('details:not([open]) > summary').all()) if (await summary.isVisible()) await summary.click();
    await check('ticket, everything open');
    await page.goto(`${desk.url}/staff/tickets`);
    await page.getByLabel('Select #1').check();
    await page.getByRole('button', { name: 'Spam' }).click();
    await check('question');
    await page.goto(`${desk.url}/staff/aside`);
    await page.getByRole('link', { name: 'Three' }).click();
    await check('mail set aside');
    await page.goto(`${desk.url}/staff/tickets/view/99`);
    await check('not found');
    await page.context().close();
  }
  is(wrong.join('\n'), '');
}));

await run();
