// Drives the set-up pages in a real browser: node tests/web/setup.mjs [WORD], with WORD a part of a test's name. Ends with
// "N passed, N failed".
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Desk, binary, mailSink, password } from './desk.mjs';
import { end, faultsOf, holds, is, linkIn, misfits, page_, plain, quiet, staff, test, totp, until, withDesk } from './harness.mjs';

const pictures = 'target/web';
mkdirSync(pictures, { recursive: true });
const bad = '<b onclick=alert(1)>';
const row = (page, text) => page.getByRole('row').filter({ hasText: text });

/** Each page: its fields when added and when changed (by label; arrays tick boxes), what its row shows, and how. */
const NOUNS = [
  ['/staff/departments', { Name: `Help ${bad}`, Private: true }, { Name: 'Help desk' }, `Help ${bad}`, 'Help desk'],
  ['/staff/setup/email-addresses', { Email: 'help@desk.test', Name: 'Help', Department: { label: 'Sales' }, Incoming: { value: 'pipe' }, Outgoing: { value: 'none' } }, { Name: 'Helpers' }, 'help@desk.test', 'Helpers'],
  ['/staff/agents', { Username: 'eva', Name: `Eva ${bad}`, Email: 'eva@desk.test', Role: { value: 'agent' }, Departments: ['Sales'], Password: 'long-enough-7' }, { Name: 'Eva Earl' }, `Eva ${bad}`, 'Eva Earl'],
  ['/staff/setup/schedules', { Name: 'office', Hours: 'Mon-Fri 9:00-17:00', 'Time zone': 'Europe/Berlin' }, { Hours: 'Mon-Sat 8:00-20:00' }, 'Mon-Fri 9:00-17:00', 'Mon-Sat 8:00-20:00'],
  ['/staff/users', { Name: `Cy ${bad}`, Email: 'cy@client.test' }, { Name: 'Cy Cole' }, `Cy ${bad}`, 'Cy Cole'],
  ['/staff/canned-responses', { Title: `Hello ${bad}`, Text: 'Hello there' }, { Title: 'Goodbye' }, `Hello ${bad}`, 'Goodbye'],
  ['/staff/tools/custom-fields', { Title: `Serial ${bad}`, Type: { value: 'select' }, Options: 'a\nb', Required: true }, { Title: 'Serial number' }, `Serial ${bad}`, 'Serial number'],
  ['/staff/setup/priorities', { Name: `High ${bad}`, Color: '#c00000' }, { Name: 'Urgent' }, `High ${bad}`, 'Urgent'],
  ['/staff/setup/tags', { Name: 'lamps' }, { Name: 'lights' }, 'lamps', 'lights'],
  ['/staff/setup/views', { Name: `Hot ${bad}`, Query: 'is:open lamp' }, { Name: 'Cold' }, `Hot ${bad}`, 'Cold'],
  ['/staff/setup/webhooks', { Name: 'shop', URL: 'https://hooks.test/x', Events: ['opened', 'answered', 'assigned', 'status', 'noted', 'bounced'] }, { Name: 'the shop' }, 'shop', 'the shop'],
  ['/staff/setup/api', { Name: 'till', Permissions: ['tickets/read', 'users/create'], 'IP addresses': '10.0.0.0/8' }, { Name: 'the till' }, 'till', 'the till'],
];

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) {
    if (Array.isArray(value)) {
      for (const name of value) await page.getByRole('group', { name: label }).getByRole('checkbox', { name, exact: true }).check();
    } else {
      const field = page.getByLabel(label, { exact: true });
      if (value === true) await field.check();
      else if (typeof value === 'object') await field.selectOption(value);
      else await field.fill(value);
    }
  }
}
const save = page => page.getByRole('button', { name: 'Save', exact: true }).click();

test('without JavaScript each set-up page adds, changes and removes', withDesk(async desk => {
  const page = await staff(desk, 'ada', { javaScriptEnabled: false });
  for (const [path, add, change, was, now] of NOUNS) {
    const step = what => `${path}, ${what}:`;
    await page.goto(desk.url + path);
    await page.getByRole('link', { name: 'Add', exact: true }).click();
    await fill(page, add);
    await save(page);
    if (['/staff/setup/api', '/staff/setup/webhooks'].includes(path)) is(await page.getByRole('status').filter({ hasText: /not shown again/ }).count(), 1, step('shown once'));
    await page.goto(desk.url + path);
    is(await row(page, was).count(), 1, step('added'));
    await row(page, was).getByRole('link', { name: 'Edit' }).click();
    await fill(page, change);
    await save(page);
    await page.goto(desk.url + path);
    is(await row(page, now).count(), 1, step('changed'));
    await row(page, now).getByRole('link', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('Removed.').waitFor();
    is(await row(page, now).count(), 0, step('removed'));
  }
  await page.goto(`${desk.url}/staff/setup/bans`);
  await page.getByRole('link', { name: 'Add', exact: true }).click();
  await page.getByLabel('Address or domain').fill('spam.test');
  await save(page);
  await row(page, 'spam.test').getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  is(await row(page, 'spam.test').count(), 0, 'the ban:');
  await page.goto(`${desk.url}/staff/setup/general`);
  await page.getByLabel('reopen_days').fill('7');
  await save(page);
  is(desk.admin('setting', 'get', 'reopen_days').trim(), '7', 'the setting:');
  quiet(page);
}));

test('a template is changed, looked at and put back', withDesk(async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await staff(desk, 'ada', { javaScriptEnabled: false });
  await page.goto(`${desk.url}/staff/setup/email-templates/edit/new_ticket`);
  await page.getByLabel('Subject').fill('We have it');
  await page.getByLabel('Text').fill(`Ticket %ticket_id% ${bad}`);
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText(`Ticket 1 ${bad}`, { exact: false }).first().waitFor();
  is(desk.json('template', 'show', 'new_ticket').subject === 'We have it', false, 'stored by looking');
  await page.getByLabel('Text').fill('Ticket %ticket_id%');
  await save(page);
  is(desk.json('template', 'show', 'new_ticket').subject, 'We have it');
  await row(page, 'new_ticket').getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  is(desk.json('template', 'show', 'new_ticket').subject === 'We have it', false, 'put back');
  quiet(page);
}));

test('an address is tried, and what is wrong is said in words; pipes print the lines of mail servers', withDesk(async (desk, sink) => {
  const page = await staff(desk);
  await page.goto(`${desk.url}/staff/setup/email-addresses/new`);
  await fill(page, { Email: 'box@desk.test', Name: 'Box', Incoming: { value: 'imap' }, 'IMAP host': '127.0.0.1', 'IMAP port': '1', 'IMAP user': 'box', 'IMAP password': 'secret', Outgoing: { value: 'smtp' }, 'SMTP host': '127.0.0.1', 'SMTP port': String(sink.port), 'SMTP security': { value: 'none' } });
  await page.getByRole('button', { name: 'Test' }).click();
  const status = page.getByRole('status').filter({ hasText: 'Outgoing' });
  holds(/refused|connect/i.test(await status.innerText()) && (await status.innerText()).includes('the server takes mail'), await status.innerText());
  is(await page.getByLabel('Email', { exact: true }).inputValue(), 'box@desk.test', 'what was typed stays:');
  await fill(page, { Incoming: { value: 'pipe' }, Outgoing: { value: 'none' } });
  await save(page);
  const text = await page.locator('main').innerText();
  for (const line of [`--db=${desk.db} pipe`, 'argv=', 'box: "|', 'cPanel', 'Exim', 'Postfix']) holds(text.includes(line), `${line} is not in ${text}`);
  quiet(page);
}));

/** Begins long work by its button and waits until its page says that it is done. */
async function carryOut(page, button) {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByText('It has begun.').waitFor();
  await page.locator('#errand p.good').waitFor({ timeout: 30000 });
}

test('a backup is made, handed out, is the whole desk, and is removed', withDesk(async desk => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Lamp' });
  const page = await staff(desk);
  await page.goto(`${desk.url}/staff/setup/backups`);
  await carryOut(page, 'Back up now');
  await row(page, /maildesk-.*\.db/).waitFor();
  const asked = page.waitForEvent('download');
  await row(page, /maildesk-/).getByRole('button', { name: 'Download' }).click();
  const file = join(desk.dir, 'copy.db'), download = await asked;
  holds(/^maildesk-\d{4}-\d\d-\d\dT\d{6}\.db$/.test(download.suggestedFilename()), download.suggestedFilename());
  await download.saveAs(file);
  const said = JSON.parse(execFileSync(binary, ['--db', file, '--json', 'admin', 'ticket', 'list'], { encoding: 'utf8' }));
  is(said.map(ticket => ticket.subject).join(), 'Lamp', 'tickets of the copy:');
  await page.goto(`${desk.url}/staff/setup/backups`);
  await row(page, /maildesk-/).getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('Removed.').waitFor();
  is(await row(page, /maildesk-/).count(), 0, 'backups:');
  const events = desk.json('audit', 'list', '--limit', '10').map(one => `${one.kind} ${one.detail}`.replace(/-\d.*/, ''));
  for (const line of ['started backup maildesk', 'handed-out backup maildesk', 'removed backup maildesk']) holds(events.includes(line), `${line} is not in ${events.join('; ')}`);
  quiet(page);
}));

test('the check finds a sound desk sound and a damaged one not, without JavaScript too', withDesk(async desk => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Lamp' });
  const page = await staff(desk, 'ada', { javaScriptEnabled: false });
  const check = async () => {
    await page.goto(`${desk.url}/staff/setup/check`);
    await page.getByRole('button', { name: 'Check now' }).click();
    await until(async () => {
      const again = page.getByRole('link', { name: 'Look again' });
      if (await again.count() === 0) return true;
      await again.click();
    }, 'it does not end', 30000);
    return await page.locator('#errand').innerText();
  };
  const sound = await check();
  holds(/done/.test(sound) && /ok\s+structure/.test(sound) && /ok\s+search/.test(sound), sound);
  execFileSync('python3', ['-c', "import sqlite3,sys;c=sqlite3.connect(sys.argv[1],timeout=10);c.execute('UPDATE row_count SET n = n + 1 WHERE kind = 0');c.commit()", desk.db]);
  const damaged = await check();
  holds(/failed/.test(damaged) && /faulty\s+numbers/.test(damaged), damaged);
  await page.getByText('admin check --fix', { exact: false }).first().waitFor();
  quiet(page);
}));

test('an archive of mails is uploaded and imported, once', withDesk(async desk => {
  const mbox = [1, 2].map(n => `From ann@client.test Mon Mar  3 10:00:00 2025\nFrom: Ann <ann@client.test>\nTo: support@desk.test\nSubject: Old lamp ${n}\nMessage-ID: <old${n}@client.test>\nDate: Mon, 03 Mar 2025 10:00:00 +0000\n\nIt was dark.\n\n`).join('');
  const file = join(desk.dir, 'archive.mbox');
  writeFileSync(file, mbox);
  const page = await staff(desk);
  await page.goto(`${desk.url}/staff/setup/import`);
  await page.getByLabel('Files').setInputFiles(file);
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.getByText('The files are here.').waitFor();
  for (const again of [false, true]) {
    await row(page, 'archive.mbox').getByRole('link', { name: 'Import' }).click();
    await page.getByLabel('Sent to').selectOption('support@desk.test');
    await carryOut(page, 'Import');
    is(desk.json('ticket', 'list', '--all').length, 2, again ? 'tickets after the second time:' : 'tickets:');
  }
  const bad = await page.request.post(`${desk.url}/staff/setup/import`, { multipart: { form_token: 'x', do: 'upload' }, maxRedirects: 0, headers: { 'Sec-Fetch-Site': 'same-origin' } });
  is(bad.status(), 403, 'without the token:');
  quiet(page);
}));

test('mails received are found by sender and Message-ID, shown, downloaded and read again', withDesk(async desk => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Lamp' });
  desk.mail({ raw: 'Subject: nobody\r\nMessage-ID: <nobody@client.test>\r\n\r\nx\r\n' });
  const page = await staff(desk), list = `${desk.url}/staff/setup/mails`;
  await page.goto(list);
  is(await page.locator('tbody tr').count(), 2, 'mails:');
  await page.getByLabel('Find').fill('<NOBODY@client.test>');
  await page.getByRole('button', { name: 'Find' }).click();
  is(await page.locator('tbody tr').count(), 1, 'found by Message-ID:');
  holds((await row(page, 'nobody').innerText()).includes('Set aside'), await row(page, 'nobody').innerText());
  await page.goto(list);
  await page.getByRole('link', { name: 'Set aside', exact: true }).click();
  is(await page.locator('tbody tr').count(), 1, 'set aside:');
  await row(page, 'nobody').getByRole('link', { name: 'Show' }).click();
  is(await page.getByRole('link', { name: 'Let in or drop' }).getAttribute('href'), '/staff/aside/2');
  await page.getByText('quarantined (', { exact: false }).first().waitFor();
  await page.getByRole('button', { name: 'What would happen now' }).click();
  await page.getByText('Nothing was changed.').waitFor();
  const asked = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download the mail' }).click();
  is((await asked).suggestedFilename(), 'mail-2.eml');
  await page.goto(`${list}/new`);
  await page.getByLabel('Received since').fill('2020-01-01');
  await carryOut(page, 'Only look');
  holds((await page.locator('#errand').innerText()).includes('of 1 messages would change'), await page.locator('#errand').innerText());
  quiet(page);
}));

test('an agent gets no set-up page, and one who may set up does', withDesk(async desk => {
  const page = await staff(desk, 'abe');
  is(await page.getByRole('link', { name: 'Set-up' }).count(), 0, 'the link:');
  for (const path of NOUNS.map(([path]) => path).concat(['/staff/setup/general', '/staff/setup/audit', '/staff/setup/health', '/staff/setup/figures', '/staff/setup/bans', '/staff/setup/email-templates'])) is((await page.goto(desk.url + path)).status(), 403, `${path}:`);
  const ada = await staff(desk);
  await ada.goto(`${desk.url}/staff/agents`);
  await row(ada, 'abe').getByRole('link', { name: 'Edit' }).click();
  await ada.getByLabel('May set up the desk').check();
  await save(ada);
  const again = await staff(desk, 'abe');
  is((await again.goto(`${desk.url}/staff/departments`)).status(), 200);
  quiet(ada);
}));

test('the record says what was changed, by whom and from where', withDesk(async (desk, sink) => {
  desk.mail({ from: 'Ann <ann@client.test>', subject: 'Lamp' });
  const ada = await staff(desk);
  for (const [path, fields] of [['/staff/kb/categories/new', { Name: 'Shelf' }], ['/staff/kb/articles/new', { Title: 'Bulbs', Text: 'Turn.' }], ['/staff/setup/tags/new', { Name: 'urgent' }]]) {
    await ada.goto(desk.url + path);
    await fill(ada, fields);
    await save(ada);
  }
  const page = await page_(desk);
  await page.goto(await linkIn(sink, 'ann@client.test', 't'));
  await page.getByLabel('Message').fill('More');
  await page.waitForTimeout(2100);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  desk.admin('tag', 'remove', 'urgent', '--yes');
  await ada.goto(`${desk.url}/staff/setup/audit`);
  const lines = (await ada.getByRole('row').allInnerTexts()).map(text => text.replace(/\s+/g, ' '));
  const line = (...words) => holds(lines.some(text => words.every(word => text.includes(word))), `${words} is not in\n${lines.join('\n')}`);
  line('Ada Admin', 'added: category 1 Shelf', 'in the browser, 127.0.0.1');
  line('Ada Admin', 'added: article 1 Bulbs', '127.0.0.1');
  line('Ada Admin', 'added: tag 1 urgent', '127.0.0.1');
  line('removed: tag 1 urgent', 'by command');
  line('Ann', '#1', 'in the browser, 127.0.0.1');
  const said = desk.json('audit', 'list', '--limit', '50');
  holds(said.some(one => one.detail === 'article 1 Bulbs' && one.ip === '127.0.0.1' && one.door === 'web'), JSON.stringify(said.slice(0, 5)));
  quiet(ada);
}));

test('a second factor is set up for a staff member; a code and a recovery code work once each', withDesk(async desk => {
  const ada = await staff(desk);
  await ada.goto(`${desk.url}/staff/agents`);
  await row(ada, 'abe').getByRole('link', { name: 'Edit' }).click();
  await ada.getByRole('button', { name: 'Set up a second factor' }).click();
  const lines = await ada.locator('#outcome li').allInnerTexts();
  const secret = lines.find(line => /^[A-Z2-7]{16,}$/.test(line)), recovery = lines.filter(line => /^[A-Z0-9a-z]{4}(-[A-Z0-9a-z]{4}){3}$/.test(line));
  holds(secret && recovery.length === 10, lines.join('\n'));
  const signIn = async given => {
    const page = await page_(desk);
    await page.goto(`${desk.url}/staff/login`);
    await page.getByLabel('Username').fill('abe');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Code').fill(given);
    if (!(await page.getByLabel('Password').inputValue())) await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForLoadState();
    return /staff\/tickets/.test(page.url());
  };
  const now = totp(secret);
  is(await signIn(now), true, 'a code:');
  is(await signIn(now), false, 'the same code again:');
  is(await signIn(recovery[0]), true, 'a recovery code:');
  is(await signIn(recovery[0]), false, 'the same recovery code again:');
  await ada.goto(`${desk.url}/staff/agents`);
  await row(ada, 'abe').getByRole('link', { name: 'Edit' }).click();
  await ada.getByText(/^Recovery codes that are left: \W?9\W?\.$/).waitFor({ timeout: 5000 });
  await ada.getByRole('button', { name: 'New recovery codes' }).click();
  is(await signIn(recovery[1]), false, 'an older recovery code:');
  const fresh = desk.json('staff', 'totp', 'codes', 'abe').recovery_codes;
  is(await signIn(fresh[0]), true, 'one from the command line:');
  quiet(ada);
}));

test('a new password ends the other sessions', withDesk(async desk => {
  const [first, second] = [await staff(desk, 'abe'), await staff(desk, 'abe')];
  await first.goto(`${desk.url}/staff/account/profile`);
  await first.locator('[name=current]').first().fill(password);
  await first.locator('[name=new]').fill('another-long-secret');
  await first.locator('[name=new]').press('Enter');
  await first.waitForLoadState();
  await second.goto(`${desk.url}/staff/tickets`);
  await second.getByLabel('Password').waitFor();
  await first.goto(`${desk.url}/staff/tickets`);
  is(await first.getByLabel('Password').count(), 0, 'this session goes on;');
}));

test('a webhook shows its log, and a delivery is sent again', withDesk(async desk => {
  const got = [];
  let isWell = false;
  const receiver = createServer((request, answer) => {
    let body = '';
    request.on('data', piece => { body += piece; });
    request.on('end', () => { got.push({ id: request.headers['webhook-id'], body }); answer.writeHead(isWell ? 200 : 500).end(); });
  });
  await new Promise(done => receiver.listen(0, '127.0.0.1', done));
  const page = await staff(desk);
  await page.goto(`${desk.url}/staff/setup/webhooks/new`);
  await fill(page, { Name: 'shop', URL: `http://127.0.0.1:${receiver.address().port}/hook`, Events: ['opened'] });
  await save(page);
  await page.getByText(/^whsec_/).waitFor();
  desk.mail({ subject: 'Lamp' });
  await until(() => got.length > 0, 'nothing was told');
  isWell = true;
  await page.goto(`${desk.url}/staff/setup/webhooks`);
  await row(page, 'shop').getByRole('link', { name: 'Log' }).click();
  await until(async () => { await page.reload(); return (await row(page, '#1').innerText()).includes('500'); }, 'the failure is not in the log');
  await page.getByRole('button', { name: 'Send again' }).click();
  await until(() => got.length > 1, 'it was not sent again');
  is(got.at(-1).id, got[0].id, 'id:');
  is(got.at(-1).body, got[0].body, 'bytes:');
  await until(async () => { await page.reload(); return (await row(page, '#1').innerText()).includes('200'); }, 'the success is not in the log');
  receiver.close();
  quiet(page);
}, { webhook_private: '1' }));

test('the first account is made in a browser by the link of init, once', async () => {
  const desk = new Desk();
  try {
    const made = desk.json('init');
    holds(/^http:\/\/127\.0\.0\.1:8080\/staff\/first\//.test(made.first_account), JSON.stringify(made));
    await desk.serve();
    const page = await page_(desk, { javaScriptEnabled: false });
    const path = new URL(made.first_account).pathname;
    await page.goto(desk.url + path);
    const looked = await page_(desk);
    await looked.goto(desk.url + path);
    is((await faultsOf(looked)).join('\n'), '');
    await fill(page, { 'Name of the desk': 'My desk', Username: 'root', Name: 'Root', Email: 'root@desk.test', Password: 'long-enough-7' });
    await save(page);
    await page.getByLabel('Username').fill('root');
    await page.getByLabel('Password').fill('long-enough-7');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/staff\/setup/);
    is((await page.goto(desk.url + path)).status(), 404, 'the link again:');
    quiet(page);
  } finally { await desk.end(); }
});

const PAGES = NOUNS.flatMap(([path]) => [path, `${path}/new`]).concat(['/staff/setup/general', '/staff/setup/email-templates', '/staff/setup/email-templates/edit/new_ticket', '/staff/setup/email-addresses/edit/1', '/staff/agents/edit/2', '/staff/agents/remove/2', '/staff/departments/remove/2', '/staff/setup/bans', '/staff/setup/bans/new', '/staff/setup/audit', '/staff/setup/health', '/staff/setup/figures', '/staff/users/edit/1', '/staff/setup/webhooks/edit/1', '/staff/setup/webhooks/log/1', '/staff/setup/tags/edit/1', '/staff/setup/schedules/edit/1', '/staff/tools/custom-fields/edit/1', '/staff/setup/api/edit/1', '/staff/setup/mails', '/staff/setup/mails/edit/1', '/staff/setup/mails/new', '/staff/setup/backups', '/staff/setup/check', '/staff/setup/import', `/staff/setup/import/edit/${Buffer.from('old.mbox').toString('base64url')}`]);

function furnish(desk) {
  desk.mail({ from: 'Jörg Müller <joerg@client.test>', subject: 'Printer prints blank pages' });
  desk.mail({ from: 'Ann Lee <ann@client.test>', subject: 'Where is invoice 2041?' });
  desk.admin('webhook', 'add', 'https://hooks.shop.example/a-rather-long-path/that-goes-on', '--event', 'opened');
  desk.admin('tag', 'add', 'urgent');
  desk.admin('schedule', 'add', 'office', '--hours', 'Mon-Fri 9:00-17:00', '--tz', 'Europe/Berlin');
  desk.admin('field', 'add', 'Serial number', '--type', 'text', '--required');
  desk.admin('priority', 'add', 'High', '--color', '#c00000');
  desk.admin('token', 'add', 'shop', '--allow', 'tickets/read');
  desk.admin('canned', 'add', 'Which serial number?', '--body', 'Which serial number is on the back?');
  desk.admin('view', 'add', 'Printers', 'is:open printer');
  desk.admin('ban', 'add', 'spam.example');
  mkdirSync(join(desk.dir, 'backup'));
  desk.admin('backup', join(desk.dir, 'backup', 'maildesk-2026-11-28T030000.db'));
  mkdirSync(join(desk.dir, 'import'));
  writeFileSync(join(desk.dir, 'import', 'old.mbox'), 'From x\n');
  desk.mail({ from: 'Bob <bob@client.test>', subject: 'Lamp' });
}

test('axe finds nothing serious on any set-up page in either scheme, and each has its heading, landmarks, title and language', withDesk(async desk => {
  furnish(desk);
  const wrong = [];
  for (const colorScheme of ['light', 'dark']) {
    const page = await staff(desk, 'ada', { colorScheme });
    for (const path of PAGES) {
      const answer = await page.goto(desk.url + path);
      is(answer.status(), 200, `${path}:`);
      wrong.push(...(await faultsOf(page)).map(fault => `${colorScheme} ${path}: ${fault}`));
    }
    quiet(page);
    await page.context().close();
  }
  is(wrong.join('\n'), '');
}));

test('no set-up page scrolls sideways at 390 and 320 px, and targets are large enough', withDesk(async desk => {
  furnish(desk);
  const wrong = [];
  for (const width of [390, 320]) {
    const page = await staff(desk, 'ada', { viewport: { width, height: 800 } });
    for (const path of PAGES) {
      await page.goto(desk.url + path);
      wrong.push(...(await misfits(page)).map(fault => `${path} at ${width}: ${fault}`));
    }
    await page.context().close();
  }
  is(wrong.join('\n'), '');
}));

// They take long: made when asked for by name.
if (process.argv[2]) test('pictures of the customers’ and the set-up pages are made', withDesk(async (desk, sink) => {
  furnish(desk);
  const file = join(desk.dir, 'article.md');
  writeFileSync(file, 'The printer pulls in paper and gives it back blank.\n\n1. Open the **cover**.\n2. Take out the cartridge.\n3. Remove the `yellow tape`.\n\n> Some cartridges have two tapes.\n');
  desk.admin('category', 'add', 'Printers');
  desk.admin('article', 'add', 'The printer prints blank pages', '--body-file', file, '--category', 'Printers');
  desk.admin('article', 'add', 'Connecting to the network', '--body-file', file, '--category', 'Printers');
  desk.admin('ticket', 'reply', '1', '--staff', 'ada', '--message', 'Please take off the yellow tape of the cartridge. Does it print then?');
  const link = await linkIn(sink, 'joerg@client.test', 't');
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      const name = (what) => join(pictures, `${what}-${width}${colorScheme === 'dark' ? '-dark' : ''}.png`);
      const page = await page_(desk, { colorScheme, viewport: { width, height: 800 } });
      for (const [what, path] of [['home', '/'], ['submit', '/submit-ticket'], ['article', '/article/1-x'], ['sign-in', '/login'], ['customer-ticket', new URL(link).pathname]]) {
        await page.goto(desk.url + path);
        await page.screenshot({ path: name(what), fullPage: true });
      }
      await page.context().close();
      const ada = await staff(desk, 'ada', { colorScheme, viewport: { width, height: 800 } });
      for (const path of PAGES.concat(['/staff/kb', '/staff/kb/articles/edit/1'])) {
        await ada.goto(desk.url + path);
        await ada.screenshot({ path: name(path.slice(7).replaceAll('/', '_')), fullPage: true });
      }
      await ada.context().close();
    }
  }
}));

await end();
