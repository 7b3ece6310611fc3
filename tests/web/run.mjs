// Drives the agents' pages in a real browser: node tests/web/run.mjs [WORD], with WORD a part of a test's name.
// Ends with "N passed, N failed".
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { axe, browser, holds, is, open, password, quiet, run, test, until, window_, withDesk } from './browser.mjs';

const pictures = 'target/web';
mkdirSync(pictures, { recursive: true });

test('without JavaScript one signs in, answers with a file, notes, closes and signs out', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Printer is broken' });
  const page = await window_(desk, null, { javaScriptEnabled: false });
  await page.goto(`${desk.url}/staff/tickets`);
  await page.getByLabel('Username').fill('abe');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Invalid username or password.').waitFor();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Printer is broken' }).click();
  is(await page.getByRole('heading', { level: 1 }).innerText(), '#1 Printer is broken');
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  await page.getByRole('textbox', { name: 'Message' }).fill('Only for us');
  await page.getByRole('button', { name: 'Save note' }).click();
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.getByRole('textbox', { name: 'Message' }).fill('Have a look at the file.');
  await page.getByLabel('Files').setInputFiles({ name: 'how-to.txt', mimeType: 'text/plain', buffer: Buffer.from('Turn it off and on.') });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  is(await page.getByRole('article').count(), 3, 'articles');
  await page.getByRole('combobox', { name: 'Status' }).selectOption({ label: 'Closed' });
  await page.getByRole('button', { name: 'Apply' }).click();
  is(await page.getByRole('combobox', { name: 'Status' }).inputValue(), 'closed');
  await until(() => sink.mails.some(mail => mail.includes('Have a look at the file') && mail.includes('how-to.txt')), 'the answer was not mailed');
  holds(!sink.mails.some(mail => mail.includes('Only for us') && mail.includes('ann@client.test')), 'the note was mailed');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.goto(`${desk.url}/staff/tickets`);
  await page.getByLabel('Password').waitFor();
  quiet(page);
}));

test('tickets of the list are taken, assigned and closed at once and back again', withDesk({}, async desk => {
  for (const subject of ['One', 'Two', 'Three']) desk.mail({ subject });
  const page = await window_(desk, 'abe');
  await page.getByLabel('Select #1').check();
  await page.getByLabel('Select #2').check();
  await page.getByRole('button', { name: 'Take' }).click();
  await page.getByText('Took 2 tickets.').waitFor();
  is(await page.getByRole('link', { name: 'One' }).count(), 0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undone.').waitFor();
  is(await page.getByRole('checkbox', { name: /^Select #/ }).count(), 3);
  await page.getByLabel('Select #3').check();
  await page.getByRole('button', { name: 'Close', exact: true }).first().click();
  await page.getByText('Closed 1 ticket.').waitFor();
  is(desk.json('ticket', 'show', '3').status, 'closed');
  await page.getByLabel('Select #1').check();
  await page.getByRole('button', { name: 'Spam' }).click();
  is(await page.getByLabel('Select #1').count(), 0, 'it asks first;');
  await page.getByRole('button', { name: 'Spam' }).click();
  await page.getByText('Called spam: 1 ticket.').waitFor();
  quiet(page);
}));

test('an answer is taken back wholly and then sent once, edited', withDesk({ undo_send_s: '3' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await until(() => sink.mails.length >= 1, 'no acknowledgement');
  const before = () => sink.mails.filter(mail => /first text|second text/.test(mail)).length;
  await open(page, 1);
  await page.getByRole('textbox', { name: 'Message' }).fill('first text');
  await page.getByLabel('Files').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('A') });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('button', { name: /^Undo/ }).click();
  await page.getByText('Taken back.').waitFor();
  is(await page.getByRole('textbox', { name: 'Message' }).inputValue(), 'first text');
  await page.getByText('a.txt').waitFor();
  is(await page.getByRole('combobox', { name: 'Status' }).inputValue(), 'open');
  await page.getByRole('textbox', { name: 'Message' }).fill('second text');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('button', { name: /^Undo/ }).waitFor();
  await until(() => before() === 1, 'the second text was not sent', 15000);
  is(sink.mails.filter(mail => mail.includes('first text')).length, 0);
  holds(sink.mails.some(mail => mail.includes('second text') && mail.includes('a.txt')), 'the file was lost');
  quiet(page);
}));

test('a killed serve sends an answer of the window once', withDesk({ undo_send_s: '3' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await page.getByRole('textbox', { name: 'Message' }).fill('after the crash');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('button', { name: /^Undo/ }).waitFor();
  await desk.kill();
  await desk.serve();
  await until(() => sink.mails.filter(mail => mail.includes('after the crash')).length === 1, 'it was not sent', 20000);
}));

test('an answer is stopped by news, keeps its text and is sent anyway once', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const [one, other] = [await window_(desk, 'abe'), await window_(desk, 'ada')];
  await open(one, 1);
  await one.getByRole('textbox', { name: 'Message' }).fill('answer of Abe');
  await one.context().setOffline(true);
  await open(other, 1);
  await other.getByRole('textbox', { name: 'Message' }).fill('answer of Ada');
  await other.getByRole('button', { name: 'Send', exact: true }).click();
  await other.getByText('Sent.', { exact: true }).waitFor();
  await one.context().setOffline(false);
  const said = one.waitForResponse(response => response.request().method() === 'POST' && response.url().includes('/view/1'));
  await one.getByRole('button', { name: 'Send', exact: true }).click();
  is((await said).status(), 409);
  await one.getByRole('article').filter({ hasText: 'answer of Ada' }).waitFor();
  is(await one.getByRole('textbox', { name: 'Message' }).inputValue(), 'answer of Abe');
  await one.getByRole('button', { name: 'Send anyway' }).click();
  await one.getByText('Sent.', { exact: true }).waitFor();
  await until(() => sink.mails.filter(mail => mail.includes('answer of Abe')).length === 1, 'it was not sent');
}));

test('a form sent twice posts one message', withDesk({ undo_send_s: '0' }, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await page.getByRole('textbox', { name: 'Message' }).fill('once');
  await page.getByRole('button', { name: 'Send', exact: true }).dblclick();
  await page.getByText('Sent.', { exact: true }).waitFor();
  await page.goBack();
  is(await page.getByRole('textbox', { name: 'Message' }).inputValue(), '', 'after the back button');
  await open(page, 1);
  is(await page.getByRole('article').filter({ hasText: 'once' }).count(), 1);
}));

test('a draft is back on another machine, its file too', withDesk({}, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await page.getByLabel('Files').setInputFiles({ name: 'kept.txt', mimeType: 'text/plain', buffer: Buffer.from('K') });
  await page.getByRole('textbox', { name: 'Message' }).pressSequentially('half a sent');
  await page.getByText(/Draft saved/).waitFor();
  await page.context().close();
  const elsewhere = await window_(desk, 'abe');
  await open(elsewhere, 1);
  is(await elsewhere.getByRole('textbox', { name: 'Message' }).inputValue(), 'half a sent');
  await elsewhere.getByText('kept.txt').waitFor();
  const stranger = await window_(desk, 'ada');
  await open(stranger, 1);
  is(await stranger.getByRole('textbox', { name: 'Message' }).inputValue(), '');
}));

test('an answer sent after the session ended is posted after the password', withDesk({ undo_send_s: '0' }, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await page.getByRole('textbox', { name: 'Message' }).fill('written before');
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByLabel('Username').fill('abe');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('article').filter({ hasText: 'written before' }).waitFor();
}));

test('mail that another process took in shows within 5 s, in list and ticket; so do people', withDesk({}, async desk => {
  desk.mail({ subject: 'Lamp' });
  const [list, ticket, other] = [await window_(desk, 'abe'), await window_(desk, 'abe'), await window_(desk, 'ada')];
  await open(ticket, 1);
  await ticket.waitForTimeout(1200);
  desk.mail({ subject: 'A new one', from: 'Bob <bob@client.test>' });
  await list.getByRole('link', { name: 'A new one' }).waitFor({ timeout: 6000 });
  desk.mail({ subject: 'Re: Lamp [#1]', text: 'it still flickers' });
  await ticket.getByRole('article').filter({ hasText: 'it still flickers' }).waitFor({ timeout: 6000 });
  await open(other, 1);
  await other.getByRole('textbox', { name: 'Message' }).pressSequentially('I am here');
  await ticket.getByText('Ada Admin is writing').waitFor({ timeout: 6000 });
  await list.getByText('Ada Admin is writing').waitFor({ timeout: 6000 });
  quiet(list);
}));

test('what belongs to another department is not there', withDesk({}, async desk => {
  desk.mail({ subject: 'Secret offer', to: 'sales@desk.test' });
  const page = await window_(desk, 'abe');
  is(await page.getByRole('link', { name: 'Secret offer' }).count(), 0);
  is((await open(page, 1)).status(), 404);
  await page.goto(`${desk.url}/staff/tickets/search?q=Secret`);
  is(await page.getByRole('link', { name: 'Secret offer' }).count(), 0);
}));

test('a mail is let in or dropped from Aside, with its reason in words', withDesk({ mails_per_hour: '1' }, async desk => {
  for (const subject of ['First', 'Second', 'Third']) desk.mail({ subject });
  const page = await window_(desk, 'ada');
  await page.getByRole('link', { name: /^Aside/ }).click();
  await page.getByText('Its sender wrote too many mails within an hour.').first().waitFor();
  await page.getByRole('link', { name: 'Second' }).click();
  await page.getByRole('button', { name: 'Let in' }).click();
  is(await page.getByRole('heading', { level: 1 }).innerText(), '#2 Second');
  await page.goto(`${desk.url}/staff/aside`);
  await page.getByRole('checkbox', { name: /^Select mail/ }).check();
  await page.getByRole('button', { name: 'Drop' }).click();
  await page.getByRole('button', { name: 'Drop' }).click();
  await page.getByText('Dropped 1 mail.').waitFor();
  quiet(page);
}));

test('staff open a ticket for a caller, and write to a customer first', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  const page = await window_(desk, 'abe');
  await page.getByRole('link', { name: 'New ticket' }).click();
  await page.getByLabel('To', { exact: true }).fill('Cal Caller <cal@client.test>');
  await page.getByLabel('Subject').fill('Called about a lamp');
  await page.getByLabel('Message').fill('He will call again.');
  await page.getByRole('button', { name: 'Save as note' }).click();
  is(await page.getByRole('heading', { level: 1 }).innerText(), '#1 Called about a lamp');
  await page.getByRole('link', { name: 'New ticket' }).click();
  await page.getByLabel('To', { exact: true }).fill('dee@client.test');
  await page.getByLabel('Subject').fill('Your order');
  await page.getByLabel('Message').fill('It **arrives** on Monday.');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await until(() => sink.mails.some(mail => mail.includes('dee@client.test') && mail.includes('on Monday')), 'nothing was mailed');
  holds(!sink.mails.some(mail => mail.includes('cal@client.test')), 'the caller was mailed');
  await page.locator('strong', { hasText: 'arrives' }).waitFor();
  quiet(page);
}));

test('a search by words and conditions is opened at the hit, and saved as a view', withDesk({}, async desk => {
  desk.mail({ subject: 'Lamp', text: 'it flickers at night' });
  desk.mail({ subject: 'Chair', text: 'it squeaks', from: 'Bob Ray <bob@client.test>' });
  const page = await window_(desk, 'abe');
  await page.getByRole('searchbox', { name: 'Search' }).fill('flickers');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Lamp' }).click();
  await page.waitForURL(/view\/1.*#m\d+/);
  await page.getByRole('searchbox', { name: 'Search' }).fill('from:bob is:open');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Chair' }).waitFor();
  is(await page.getByRole('checkbox', { name: /^Select #/ }).count(), 1);
  await page.getByLabel('Name of this search').fill('From Bob');
  await page.getByRole('button', { name: 'Save search' }).click();
  await page.getByRole('heading', { name: 'From Bob' }).waitFor();
  await page.goto(`${desk.url}/staff/tickets`);
  await page.getByRole('link', { name: 'From Bob' }).click();
  await page.getByRole('link', { name: 'Chair' }).waitFor();
  await page.getByRole('searchbox', { name: 'Search' }).fill('#2');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '#2 Chair' }).waitFor();
  quiet(page);
}));

test('tags, snoozing and merging have their way back', withDesk({}, async desk => {
  for (const subject of ['One', 'Two']) desk.mail({ subject });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await page.getByRole('combobox', { name: 'Tag' }).fill('urgent');
  await page.getByRole('button', { name: 'Add tag' }).click();
  await page.getByRole('button', { name: 'Remove tag urgent' }).waitFor();
  await page.getByText('Snooze', { exact: true }).click();
  await page.getByRole('button', { name: 'Put off' }).click();
  await page.getByText('Put off 1 ticket.').waitFor();
  is(await page.getByRole('link', { name: 'One' }).count(), 0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('link', { name: 'One' }).waitFor();
  await page.getByLabel('Select #1').check();
  await page.getByLabel('Select #2').check();
  await page.getByText('More', { exact: true }).click();
  await page.getByRole('button', { name: 'Merge' }).click();
  await page.getByRole('button', { name: 'Merge' }).click();
  await page.getByText('Merged 1 ticket.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('link', { name: 'Two' }).waitFor();
  quiet(page);
}));

test('single keys lead from list to answer and back, and are silent in fields', withDesk({}, async desk => {
  for (const subject of ['One', 'Two']) desk.mail({ subject });
  const page = await window_(desk, 'abe');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  is(await page.getByRole('checkbox', { name: /^Select #/, checked: true }).count(), 1);
  await page.keyboard.press('Enter');
  await page.waitForURL(/view\/2/);
  await page.keyboard.press('n');
  await page.keyboard.type('jx! nothing happens');
  is(await page.getByRole('textbox', { name: 'Message' }).inputValue(), 'jx! nothing happens');
  await page.getByRole('button', { name: 'Save note' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.waitForURL(/tickets\/mine/);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  quiet(page);
}));

test('a formatted mail runs nothing and fetches nothing until its pictures are asked for', withDesk({}, async desk => {
  desk.mail({ subject: '<img src=x onerror=alert(1)>', text: 'plain', html: '<p onclick="alert(1)">Hi <script>alert(2)</script><img src="https://pictures.invalid/p.png"><img src="http://pictures.invalid/q.png"><svg onload="alert(3)"></svg><a href="javascript:alert(4)">x</a></p>' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  const frame = page.frameLocator('iframe');
  await frame.getByText('Hi').waitFor();
  quiet(page);
  await page.getByRole('button', { name: 'Show pictures' }).click();
  await until(() => page.strange.length > 0, 'no picture was asked for');
  is([...new Set(page.strange)].join(), 'https://pictures.invalid/p.png');
  is(page.faults.filter(fault => fault.startsWith('dialog')).join(), '');
}));

test('the corpus of odd and hostile mails opens quietly', withDesk({ mails_per_hour: '0' }, async desk => {
  const folder = 'tests/corpus', names = readdirSync(folder).filter(name => name.endsWith('.eml'));
  for (const name of names) desk.mail({ raw: readFileSync(join(folder, name)) });
  const page = await window_(desk, 'ada');
  const tickets = desk.json('ticket', 'list', '--limit', '1000');
  holds(tickets.length > 20, `only ${tickets.length} tickets`);
  for (const { id } of tickets) {
    const response = await open(page, id);
    is(response.status(), 200, `#${id}`);
    for (const summary of await page.locator('details.formatted:not([open]) > summary').all()) await summary.click();
    await page.waitForLoadState('networkidle');
  }
  quiet(page);
}));

test('the desk of a second language, zone and colours', withDesk({}, async desk => {
  desk.mail({ subject: 'شكرا for the lamp 電灯' });
  const page = await window_(desk, 'abe', { locale: 'de-DE', timezoneId: 'Asia/Kolkata' }).catch(() => null);
  const german = page ?? await window_(desk, null, { locale: 'de-DE', timezoneId: 'Asia/Kolkata' });
  if (!page) {
    await german.goto(`${desk.url}/staff/login`);
    await german.getByLabel('Benutzername').fill('abe');
    await german.getByLabel('Passwort').fill(password);
    await german.getByRole('button', { name: 'Anmelden' }).click();
  }
  await german.getByRole('link', { name: /^Nicht zugewiesen/ }).waitFor();
  await german.reload();
  const title = await german.locator('li.row time').first().getAttribute('title');
  holds(/Asia\/(Kolkata|Calcutta)/.test(title), title);
  is(await german.locator('html').getAttribute('lang'), 'de');
  quiet(german);
}));

test('axe finds nothing serious on any page, in either colour scheme', withDesk({ mails_per_hour: '2' }, async desk => {
  for (const subject of ['One', 'Two', 'Three']) desk.mail({ subject, html: '<table><tr><td>x</td></tr></table>' });
  const wrong = [];
  for (const colorScheme of ['light', 'dark']) {
    const page = await window_(desk, 'ada', { colorScheme });
    for (const path of ['/staff/tickets', '/staff/tickets/closed', '/staff/tickets/view/1', '/staff/tickets/view/1?write=note', '/staff/tickets/create', '/staff/aside', '/staff/outbox', '/staff/account/profile', '/staff/tickets/search?q=One', '/staff/nothing']) {
      await page.goto(desk.url + path);
      is(await page.locator('h1').count(), 1, `headings of ${path}:`);
      const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`).catch(error => { throw new Error(`${path}: ${error.message}`); });
      for (const one of found.violations) if (['serious', 'critical'].includes(one.impact)) wrong.push(`${colorScheme} ${path}: ${one.id} ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 120)).join(' | ')}`);
    }
    await page.context().close();
  }
  is(wrong.join('\n'), '');
}));

test('no page scrolls sideways at 390 and 320 px, and targets are large enough', withDesk({}, async desk => {
  desk.mail({ subject: `A very long subject ${'without_any_blank_'.repeat(12)}` , text: `https://x.test/${'a'.repeat(300)}` });
  for (const width of [390, 320]) {
    const page = await window_(desk, 'ada', { viewport: { width, height: 800 } });
    for (const path of ['/staff/tickets', '/staff/tickets/view/1', '/staff/tickets/create', '/staff/aside', '/staff/outbox', '/staff/account/profile']) {
      await page.goto(desk.url + path);
      const [wide, small] = await page.evaluate(() => [document.documentElement.scrollWidth, [...document.querySelectorAll('main button, main select, main input:not([type=hidden])')].filter(one => one.checkVisibility() && !one.closest('.hidden') && !one.matches('[type=checkbox],[type=file]')).filter(one => one.getBoundingClientRect().height < 24).map(one => one.outerHTML.slice(0, 80))]);
      holds(wide <= width, `${path} is ${wide} px wide at ${width}`);
      is(small.join('\n'), '', `${path}:`);
    }
    await page.context().close();
  }
}));

test('the first visit is small, and the next page too', withDesk({}, async desk => {
  for (let n = 0; n < 50; n++) desk.mail({ subject: `Ticket ${n}`, from: `C${n} <c${n}@client.test>` });
  const page = await window_(desk, null);
  await page.goto(`${desk.url}/staff/login`);
  await page.getByLabel('Username').fill('abe');
  await page.getByLabel('Password').fill(password);
  const fresh = await browser.newContext();
  await fresh.addCookies([]);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/staff\/tickets/);
  await fresh.addCookies(await page.context().cookies());
  const visit = await fresh.newPage(), answers = [];
  visit.on('response', answer => answers.push(answer));
  await visit.goto(`${desk.url}/staff/tickets`, { waitUntil: 'load' });
  const sizes = await Promise.all(answers.filter(answer => !answer.url().includes('pulse') && !answer.url().startsWith('data:')).map(async answer => (await answer.body()).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`   first visit: ${bytes} bytes, ${sizes.length} requests; page alone ${sizes[0]} bytes`);
  holds(bytes <= 95_000 && sizes.length <= 5, `${bytes} bytes in ${sizes.length} requests`);
  holds(sizes[0] <= 45_000, `the page has ${sizes[0]} bytes`);
}));

test('pictures of the pages are made', withDesk({ mails_per_hour: '3', undo_send_s: '0' }, async (desk, sink) => {
  for (const name of ['Low', 'High']) desk.admin('priority', 'add', name, '--color', '#888888');
  desk.admin('field', 'add', 'Room', '--type', 'text');
  desk.admin('address', 'update', 'support@desk.test', '--signature', '%staff_name%\nExample Desk, second floor');
  desk.mail({ subject: 'Printer prints blank pages', from: 'Jörg Müller <joerg@client.test>', text: 'Good morning,\n\nthe printer on the second floor pulls in paper and gives it back blank.\n\nThanks,\nJörg', html: '<p>Good morning,</p><table><tr><td>Model</td><td>Kestrel 4300</td></tr></table>' });
  desk.mail({ subject: 'Invoice 2041', from: 'Ann Lee <ann@client.test>', text: 'Where is it?' });
  desk.mail({ subject: 'Quote for 40 desk lamps', from: 'Ngozi Okafor <ngozi@client.test>', to: 'sales@desk.test' });
  desk.mail({ subject: 'Login does not work', from: 'Bob Ray <bob@client.test>' });
  desk.mail({ subject: 'Le bouton « Payer » ne réagit plus', from: 'Camille Lefèvre <camille@client.test>' });
  desk.mail({ subject: 'شكرا جزيلا', from: 'Salma <salma@client.test>' });
  for (const subject of ['Delivery of order 118', 'Two chairs are missing', 'A lamp is broken', 'Order 119', 'Where is order 119?']) desk.mail({ subject, from: 'Lena Fischer <lena@client.test>', text: 'Can you help?' });
  desk.admin('ticket', 'assign', '2', 'abe');
  desk.admin('ticket', 'status', '4', 'in-progress');
  const writer = await window_(desk, 'abe');
  await open(writer, 1);
  await writer.getByRole('textbox', { name: 'Message' }).fill('Good morning Jörg,\n\nplease **turn it off and on** and tell us what it prints then.');
  await writer.getByLabel('Files').setInputFiles({ name: 'test page.txt', mimeType: 'text/plain', buffer: Buffer.from('A') });
  await writer.getByRole('button', { name: 'Send', exact: true }).click();
  await writer.getByText('Sent.', { exact: true }).waitFor();
  await writer.getByRole('button', { name: 'Note', exact: true }).click();
  await writer.getByRole('textbox', { name: 'Message' }).fill('@ada the toner of that batch was bad before.');
  await writer.getByRole('button', { name: 'Save note' }).click();
  await writer.getByRole('article').filter({ hasText: 'that batch' }).waitFor();
  await writer.getByRole('combobox', { name: 'Tag' }).fill('printers');
  await writer.getByRole('button', { name: 'Add tag' }).click();
  await writer.getByRole('button', { name: 'Remove tag printers' }).waitFor();
  await until(() => sink.mails.some(mail => mail.includes('joerg@client.test')), 'nothing was sent');
  desk.admin('address', 'update', 'sales@desk.test', '--outgoing', 'smtp', '--smtp-host', '127.0.0.1', '--smtp-port', '1', '--smtp-tls', 'none');
  desk.mail({ subject: 'Another quote', from: 'Ngozi Okafor <ngozi@client.test>', to: 'sales@desk.test' });
  await writer.context().close();
  const pages = [['inbox', '/staff/tickets'], ['ticket', '/staff/tickets/view/1'], ['note', '/staff/tickets/view/2?write=note'], ['create', '/staff/tickets/create'], ['aside', '/staff/aside'], ['outbox', '/staff/outbox'], ['profile', '/staff/account/profile']];
  for (const colorScheme of ['light', 'dark']) for (const width of [1280, 390]) {
    const page = await window_(desk, 'ada', { viewport: { width, height: 800 }, colorScheme });
    const scheme = colorScheme === 'dark' ? '-dark' : '';
    for (const [name, path] of pages) {
      await page.goto(desk.url + path);
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(pictures, `${name}-${width}${scheme}.png`), fullPage: true });
    }
    if (width === 1280 && !scheme) {
      await page.goto(`${desk.url}/staff/tickets`);
      await page.setViewportSize({ width: 1280, height: 560 });
      await page.screenshot({ path: join(pictures, 'inbox.png') });
      if (process.env.MAILDESK_WRITE_DOCS) copyFileSync(join(pictures, 'inbox.png'), 'docs/inbox.png');
    }
    await page.context().close();
  }
  holds(existsSync(join(pictures, 'inbox-390-dark.png')), 'no pictures');
}));

await run();
