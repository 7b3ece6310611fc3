// Answering, and what stands around a ticket, in a real browser: node tests/web/answers.mjs [WORD], with WORD a part of a
// test's name. Ends with "N passed, N failed".
import { holds, is, open, password, plain, quiet, run, test, until, window_, withDesk } from './browser.mjs';

const send = page => page.getByRole('button', { name: 'Send', exact: true }).click();
const message = page => page.getByRole('textbox', { name: 'Message' });
const sent = page => page.getByText('Sent.', { exact: true }).waitFor();
/** A picture of one grey point. */
const png = '89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c636000000002000148afa4710000000049454e44ae426082';
/** Gives files to the text box as pasting or dropping them does. */
const give = (page, kind, name) => page.evaluate(([kind, name]) => {
  const files = new DataTransfer();
  files.items.add(new File(['given'], name, { type: 'text/plain' }));
  const box = document.querySelector('#text');
  box.dispatchEvent(kind === 'paste' ? new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true }) : new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
}, [kind, name]);

test('a signature is seen before sending and can be left out', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await page.goto(`${desk.url}/staff/account/profile`);
  await page.getByLabel('Signature').fill('Abe Agent\nExample Desk, room 7');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await open(page, 1);
  await page.locator('.signature').getByText('room 7').waitFor();
  await message(page).fill('signed');
  await send(page);
  await sent(page);
  await until(() => sink.mails.some(mail => mail.includes('signed') && mail.includes('room 7')), 'the signature was not sent');
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  is(await page.locator('.signature').isVisible(), false, 'of a note:');
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.getByLabel('Sign with this').uncheck();
  const kept = page.waitForResponse(answer => answer.url().endsWith('/staff/drafts') && answer.request().postData().includes('bare'));
  await message(page).fill('bare');
  await kept;
  await page.reload();
  is(await page.getByLabel('Sign with this').isChecked(), false, 'the draft keeps it:');
  await send(page);
  await until(() => sink.mails.some(mail => mail.includes('bare')), 'nothing was sent');
  holds(!sink.mails.some(mail => mail.includes('bare') && mail.includes('room 7')), 'it was signed');
  quiet(page);
}));

test('support and sales sign differently, below the writer, and a new ticket shows the signature of its department', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  desk.mail({ subject: 'Quote', to: 'sales@desk.test' });
  const page = await window_(desk, 'ada');
  for (const [id, signature] of [[1, '%staff_name%, support of %company_name%'], [2, 'Sales, room 7']]) {
    await page.goto(`${desk.url}/staff/setup/email-addresses/edit/${id}`);
    await page.getByLabel('Signature').fill(signature);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL(/email-addresses(\?|$)/);
  }
  await page.goto(`${desk.url}/staff/account/profile`);
  await page.getByLabel('Signature').fill('Yours, Ada');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').waitFor();
  for (const [id, own, other] of [[1, 'Ada Admin, support of Example Desk', 'room 7'], [2, 'Sales, room 7', 'support of']]) {
    await open(page, id);
    is((await page.locator('.signature .text').innerText()).trim(), `Yours, Ada\n${own}`);
    await message(page).fill(`answer ${id}`);
    await send(page);
    await sent(page);
    const mail = await until(() => sink.mails.map(plain).find(mail => mail.includes(`answer ${id}`) && /^To:.*ann@client\.test/m.test(mail)), 'it was not sent');
    holds(mail.indexOf('Yours, Ada') > 0 && mail.indexOf('Yours, Ada') < mail.indexOf(own) && !mail.includes(other), mail.slice(-900));
  }
  await page.goto(`${desk.url}/staff/tickets/create`);
  await page.getByText('support of Example Desk').waitFor();
  is(await page.getByText('room 7').isVisible(), false);
  await page.getByLabel('Department').selectOption({ label: 'Sales' });
  await page.getByText('room 7').waitFor();
  is(await page.getByText('support of Example Desk').isVisible(), false);
  quiet(page);
}));

test('a call is written down with its priority and fields, which a draft keeps', withDesk({}, async desk => {
  for (const name of ['Low', 'High']) desk.admin('priority', 'add', name, '--color', '#888888');
  desk.admin('field', 'add', 'Room', '--type', 'text');
  desk.admin('field', 'add', 'Colour', '--type', 'select', '--option', 'red', '--option', 'blue', '--department', '2');
  const page = await window_(desk, 'ada');
  await page.getByRole('link', { name: 'New ticket' }).click();
  is(await page.getByLabel('Colour').isVisible(), false, 'a field of another department:');
  await page.getByLabel('To', { exact: true }).fill('Cal Caller <cal@client.test>');
  await page.getByLabel('Department').selectOption({ label: 'Sales' });
  await page.getByLabel('Priority').selectOption({ label: 'High' });
  await page.getByLabel('Room').fill('12');
  await page.getByLabel('Colour').selectOption('blue');
  await page.getByLabel('Subject').fill('Called about a lamp');
  await page.getByLabel('Message').fill('He calls **again**.');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.locator('#preview strong').getByText('again').waitFor();
  await page.getByText(/Draft saved/).waitFor();
  await page.goto(`${desk.url}/staff/tickets`);
  await page.getByRole('link', { name: 'New ticket' }).click();
  is(await page.getByLabel('Priority').evaluate(one => one.selectedOptions[0].text), 'High');
  is(await page.getByLabel('Room').inputValue(), '12');
  is(await page.getByLabel('Colour').inputValue(), 'blue');
  await page.getByRole('button', { name: 'Save as note' }).click();
  is(await page.getByRole('heading', { level: 1 }).innerText(), '#1 Called about a lamp');
  is(await page.getByLabel('Priority').evaluate(one => one.selectedOptions[0].text), 'High');
  is(await page.getByLabel('Room').inputValue(), '12');
  is(await page.getByLabel('Colour').inputValue(), 'blue');
  quiet(page);
}));

test('people are offered as they are typed, behind those that are there', withDesk({}, async desk => {
  desk.mail({ from: 'Ann Ode <ann@client.test>', subject: 'Lamp' });
  desk.mail({ from: 'Bob <bob@client.test>', subject: 'Printer' });
  const page = await window_(desk, 'ada');
  await page.goto(`${desk.url}/staff/tickets/create`);
  const offered = async () => (await page.locator('#people option').evaluateAll(all => all.map(one => one.value))).join('|');
  const to = page.getByLabel('To', { exact: true });
  await to.pressSequentially('ode');
  await until(async () => await offered() === 'Ann Ode <ann@client.test>', 'she is not offered');
  await to.fill('Ann Ode <ann@client.test>, ');
  await to.pressSequentially('bo');
  await until(async () => await offered() === 'Ann Ode <ann@client.test>, Bob <bob@client.test>', 'he is not offered');
  quiet(page);
}));

test('files that are pasted or dropped go with the answer', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await give(page, 'paste', 'pasted.txt');
  await give(page, 'drop', 'dropped.txt');
  await message(page).fill('with both');
  await page.locator('#kept').getByText('pasted.txt').waitFor();
  await page.locator('#kept').getByText('dropped.txt').waitFor();
  await send(page);
  await sent(page);
  await until(() => sink.mails.some(mail => mail.includes('with both') && mail.includes('pasted.txt') && mail.includes('dropped.txt')), 'they were not sent');
  quiet(page);
}));

test('one lands where the profile says after sending', withDesk({ undo_send_s: '0' }, async desk => {
  for (const subject of ['One', 'Two']) desk.mail({ subject });
  const page = await window_(desk, 'abe');
  for (const [choice, lands] of [['Open the next ticket', /view\/2\?.*said=sent/], ['Go to the list', /staff\/tickets\?said=sent/]]) {
    await page.goto(`${desk.url}/staff/account/profile`);
    await page.getByLabel('After sending').selectOption({ label: choice });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.').waitFor();
    await page.goto(`${desk.url}/staff/tickets`);
    await page.getByRole('link', { name: choice.includes('next') ? 'One' : 'Two' }).click();
    await message(page).fill(choice);
    await send(page);
    await page.waitForURL(lands);
    await sent(page);
  }
  quiet(page);
}));

test('a mail that cannot be sent is seen at its answer and in the outbox, with the reason, and sent when tried again', withDesk({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  await until(() => sink.mails.length >= 1, 'no acknowledgement');
  desk.admin('address', 'update', 'support@desk.test', '--smtp-port', '1');
  const page = await window_(desk, 'ada');
  await open(page, 1);
  await message(page).fill('waits');
  await send(page);
  await sent(page);
  await page.goto(`${desk.url}/staff/outbox`);
  const line = page.getByRole('listitem').filter({ hasText: 'ann@client.test' }).filter({ hasText: /refused/i });
  await until(async () => { await page.reload(); return await line.count(); }, 'the outbox does not say why', 15000);
  await open(page, 1);
  await page.getByRole('article').filter({ hasText: 'waits' }).getByText(/ann@client.test.*: waiting.*refused/i).waitFor();
  desk.admin('address', 'update', 'support@desk.test', '--smtp-port', String(sink.port));
  await page.goto(`${desk.url}/staff/outbox`);
  await line.getByRole('button', { name: 'Try again' }).click();
  await until(() => sink.mails.filter(mail => mail.includes('waits')).length === 1, 'it was not tried again', 15000);
  await open(page, 1);
  await page.getByRole('article').filter({ hasText: 'waits' }).getByText(/ann@client.test.*: sent/i).waitFor();
  quiet(page);
}));

test('pictures inside a mail and beside it are shown, and the customer’s other tickets stand beside', withDesk({}, async desk => {
  const picture = Buffer.from(png, 'hex').toString('base64');
  const part = head => `--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n${head}\r\n\r\n${picture}\r\n`;
  desk.mail({ subject: 'Before' });
  desk.mail({ raw: `From: Ann Lee <ann@client.test>\r\nTo: support@desk.test\r\nSubject: Pictures\r\nMessage-ID: <pictures@client.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Look: <img src="cid:inside@x"></p>\r\n${part('Content-ID: <inside@x>\r\nContent-Disposition: inline; filename=inside.png')}${part('Content-Disposition: attachment; filename=beside.png')}--b--\r\n` });
  const page = await window_(desk, 'abe');
  await open(page, 2);
  const isSeen = picture => picture.evaluate(one => one.complete && one.naturalWidth === 1);
  await page.getByRole('article').getByText('beside.png').scrollIntoViewIfNeeded();
  await until(() => isSeen(page.locator('ul.files img')), 'the picture beside the mail is not shown');
  await page.frameLocator('iframe').locator('img').scrollIntoViewIfNeeded();
  await until(() => isSeen(page.frameLocator('iframe').locator('img')), 'the picture inside the mail is not shown');
  await page.getByRole('complementary').getByRole('link', { name: '#1 Before' }).waitFor();
  await page.getByText('History', { exact: true }).click();
  is(await page.locator('.events li').count(), 1);
  quiet(page);
}));

test('files that are too large together are not sent, and the text stays', withDesk({ undo_send_s: '0' }, async desk => {
  desk.mail({ subject: 'Lamp' });
  const files = ['one.bin', 'two.bin'].map(name => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.alloc(17 * 1024 * 1024, 'x') }));
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await message(page).fill('see the files');
  await page.getByLabel('Files').setInputFiles(files);
  await send(page);
  await page.getByRole('alert').getByText('too large together').waitFor();
  is(await message(page).inputValue(), 'see the files');
  // Without the script they are sent, and the desk gives the text back.
  const bare = await window_(desk, 'abe', { javaScriptEnabled: false });
  await open(bare, 1);
  await message(bare).fill('see my files');
  await bare.getByLabel('Files').setInputFiles(files);
  await send(bare);
  await bare.getByRole('heading', { name: 'Too large' }).waitFor();
  is(await message(bare).inputValue(), 'see my files');
  await bare.getByText('Choose these again: one.bin, two.bin').waitFor();
  await send(bare);
  await bare.getByRole('article').filter({ hasText: 'see my files' }).waitFor();
}));

test('a text written in a page of another session is sent after looking it over', withDesk({ undo_send_s: '0' }, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  const other = await page.context().newPage();
  await other.goto(`${desk.url}/staff/tickets`);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByLabel('Username').fill('abe');
  await other.getByLabel('Password').fill(password);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByRole('link', { name: 'Mine' }).waitFor();
  await message(page).fill('written before');
  await send(page);
  await page.getByRole('heading', { name: 'Not sent yet' }).waitFor();
  is(await message(page).inputValue(), 'written before');
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('article').filter({ hasText: 'written before' }).waitFor();
}));

test('what another window has not sent goes on as something new', withDesk({ undo_send_s: '0' }, async desk => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await message(page).fill('one text');
  await page.getByRole('status').getByText(/Saved|saved/).waitFor();
  await page.reload();
  const other = await page.context().newPage();
  await other.goto(page.url());
  is(await message(other).inputValue(), 'one text');
  await send(page);
  await sent(page);
  await message(other).fill('quite another');
  await other.getByText('kept as something new').waitFor();
  await other.getByRole('button', { name: 'Note', exact: true }).click();
  await other.getByRole('button', { name: 'Save note' }).click();
  await other.getByRole('article').filter({ hasText: 'quite another' }).waitFor();
  is(await other.getByRole('article').count(), 3);
}));

await run();
