// Walks through an imported HelpDeskZ in a real browser: node tests/web/migration.mjs FOLDER [WORD], with the folder that
// holds dump.sql and attachments. Ends with "N passed, N failed".
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Desk, mailSink } from './desk.mjs';
import { end, holds, is, page_, quiet, staff, test, totp, until } from './harness.mjs';

const [folder] = process.argv.splice(2, 1);
// "Leuchtturm 77" as PHP's password_hash of HelpDeskZ's time wrote it: the dump does not say the customers' passwords.
const OLD_PASSWORD = 'Leuchtturm 77', OLD_HASH = '$2y$10$XNKOceHh5WZqYlv1FuFRJueuFOGfXkq/PAH8n2GmCo0ZRiXOn0t6C';

/** Makes the first account, uploads the files and imports the dump, all in the browser. */
async function moveIn(desk, files) {
  const page = await page_(desk);
  const fill = async fields => { for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value); };
  await page.goto(desk.url + desk.first);
  await fill({ 'Name of the desk': 'Moved desk', Username: 'mover', Name: 'Mover', Email: 'mover@moved.test', Password: 'long-enough-7' });
  await page.getByRole('button', { name: 'Save' }).click();
  await fill({ Username: 'mover', Password: 'long-enough-7' });
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/staff\/setup/);
  await page.goto(`${desk.url}/staff/setup/import`);
  await page.getByLabel('Files').setInputFiles(files);
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.getByText('The files are here.').waitFor();
  for (const button of ['Only look', 'Import']) {
    await page.getByRole('row').filter({ hasText: 'dump.sql' }).getByRole('link', { name: 'Import' }).click();
    await page.getByRole('button', { name: button, exact: true }).click();
    await page.locator('#errand p.good, #errand p.bad').waitFor({ timeout: 60000 });
    const said = await page.locator('#errand').innerText();
    holds(await page.locator('#errand p.good').count(), said.slice(-2000));
    holds(said.includes(button === 'Import' ? 'are in' : 'would be in'), said.slice(-2000));
    is(desk.json('ticket', 'list', '--all').length > 0, button === 'Import', `tickets after “${button}”;`);
  }
  quiet(page);
  await page.context().close();
}

/** A desk that moved in from the dump. */
const moved = run => async () => {
  const sink = await mailSink(), desk = new Desk();
  try {
    desk.first = new URL(desk.json('init').first_account).pathname;
    const dump = readFileSync(join(folder, 'dump.sql'), 'latin1'), file = join(desk.dir, 'dump.sql');
    const ours = dump.replace(/(\(1,'Ilse Vogt','ilse\.vogt@example\.org',')[^']*'/, (_, start) => `${start}${OLD_HASH}'`);
    holds(ours !== dump, 'the customer is not in the dump');
    writeFileSync(file, ours, 'latin1');
    await desk.serve();
    await moveIn(desk, [file, ...readdirSync(join(folder, 'attachments')).map(name => join(folder, 'attachments', name))]);
    desk.admin('setting', 'set', 'undo_send_s', '0');
    desk.admin('setting', 'set', 'site_url', desk.url);
    await run(desk, sink);
  } finally { await desk.end(); sink.end(); }
};

test('an old customer signs in with the old password by an old bookmark, reads and answers', moved(async desk => {
  const own = desk.json('ticket', 'list', '--all', '--user', 'ilse.vogt@example.org'), id = own[0].id;
  const page = await page_(desk);
  const signIn = async secret => {
    await page.getByLabel('Your email').fill('Ilse.Vogt@example.org');
    await page.getByLabel('Password').fill(secret);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForLoadState();
  };
  await page.goto(`${desk.url}/tickets/show/${id}`);
  await signIn('not it');
  await page.getByText('Invalid email or password.').waitFor();
  await signIn(OLD_PASSWORD);
  is(page.url(), `${desk.url}/tickets/show/${id}`, 'the bookmark:');
  holds(await page.getByRole('article').count() > 0, 'no message');
  const shown = await page.getByRole('article').count();
  await page.getByLabel('Message').fill('Back after the move.');
  await page.waitForTimeout(2100);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Back after the move.').waitFor();
  holds(await page.getByRole('article').count() >= 1, `${shown}`);
  await page.goto(`${desk.url}/tickets`);
  const listed = await page.locator('main').innerText();
  for (const ticket of own.slice(0, 5)) holds(listed.includes(`#${ticket.id}`), `#${ticket.id} is not listed`);
  const other = desk.json('ticket', 'list', '--all').find(ticket => !own.some(mine => mine.id === ticket.id));
  is((await page.goto(`${desk.url}/tickets/show/${other.id}`)).status(), 404, 'another person’s ticket:');
  quiet(page);
}));

test('old bookmarks of articles open, with their files; private ones and lost ones stay hidden', moved(async desk => {
  const page = await page_(desk);
  for (const path of ['/article/1-connecting-the-fm-series', '/article/1', '/article/1-']) {
    is((await page.goto(desk.url + path)).status(), 200, `${path}:`);
    is(await page.getByRole('heading', { level: 1 }).innerText(), 'Connecting the FM series', path);
  }
  const link = page.getByRole('link', { name: 'wiring.zip' });
  const file = await page.request.get(desk.url + await link.getAttribute('href'));
  is((await file.body()).length, readFileSync(join(folder, 'attachments', '1705199999_cb440fe2f7ec20d54f47.zip')).length, 'the file:');
  is((await page.goto(`${desk.url}/article/7-draft`)).status(), 404, 'a private one:');
  for (const path of ['/', '/submit-ticket', '/submit-ticket/2-x', '/login', '/search?q=firmware', '/forgot-password']) is((await page.goto(desk.url + path)).status(), 200, `${path}:`);
  await page.goto(`${desk.url}/search?q=firmware`);
  await page.getByRole('link', { name: "What's new in firmware 4.2" }).click();
  await page.getByText('quieter relay').waitFor();
  quiet(page);
}));

test('agents sign in with old password and TOTP, open an old bookmark and insert an old canned response', moved(async desk => {
  const page = await page_(desk);
  await page.goto(`${desk.url}/staff/tickets/view/1`);
  await page.getByLabel('Username').fill('jokoye');
  await page.getByLabel('Password').fill('lantern Pike 88');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Code').waitFor();
  if (!(await page.getByLabel('Password').inputValue())) await page.getByLabel('Password').fill('lantern Pike 88');
  await page.getByLabel('Code').fill(totp('KVKFKRCPNZQUYMLX'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/view\/1/);
  is(await page.getByRole('heading', { level: 1 }).innerText(), '#1 Calibration certificate missing');
  await page.getByRole('button', { name: 'Canned' }).or(page.locator('[data-canned]')).first().click();
  await page.getByText('Garantie & Austausch').click();
  await until(async () => (await page.getByRole('textbox', { name: 'Message' }).inputValue()).includes('Das Gerät wird kostenlos getauscht.'), 'the canned response is not in the answer');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Das Gerät wird kostenlos getauscht.').first().waitFor();
  for (const path of ['/staff/tickets/overdue', '/staff/tickets/answered', '/staff/tickets/closed', '/staff/tickets/search', '/staff/kb', '/staff/account/profile']) is((await page.goto(desk.url + path)).status(), 200, `${path}:`);
  quiet(page);
  // Others of the old accounts, a SHA-1 password and one that is not ASCII among them.
  for (const [user, secret] of [['mbrauer', 'Kranhaus-Teal-41'], ['sven-l', 'sommerregen'], ['nodept', 'Grüße-aus-Köln-7'], ['ghostdept', 'ghost.dept.55']]) {
    const other = await staff(desk, user, {}, secret);
    quiet(other);
    await other.context().close();
  }
  const admin = await staff(desk, 'mbrauer', {}, 'Kranhaus-Teal-41');
  for (const path of ['/staff/departments', '/staff/agents', '/staff/users', '/staff/setup/general', '/staff/setup/email-templates', '/staff/setup/email-addresses', '/staff/setup/api', '/staff/tools/custom-fields', '/staff/canned-responses']) is((await admin.goto(desk.url + path)).status(), 200, `${path}:`);
  quiet(admin);
}));

await end();
