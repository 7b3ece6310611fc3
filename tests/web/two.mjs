// Two `serve` on one PostgreSQL, behind nginx, which sends every request to the next one: tests/postgres node
// tests/web/two.mjs. What one has begun the other goes on with: sessions, drafts, live updates, undo. Ends with "N passed,
// N failed[, N skipped]".
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Desk, browser, holds, is, mailSink, open, quiet, run, test, until, window_ } from './browser.mjs';
import { freePort, nginx, startNginx } from './nginx.mjs';

const pattern = process.env.MAILDESK_TEST_SERVER;
if (!pattern || !existsSync(nginx)) {
  console.log(`SKIPPED: two servers on one database need PostgreSQL (tests/postgres) and nginx`);
  const isForbidden = process.env.MAILDESK_TESTS_NO_SKIP === '1';
  console.log(isForbidden ? '0 passed, 1 failed' : '0 passed, 0 failed, 1 skipped');
  await browser.close();
  process.exit(isForbidden ? 1 : 0);
}
const socket = new URL(pattern.replace('{}', 'postgres').replace('postgres:///', 'postgres://x/')).searchParams.get('host');
const psql = sql => execFileSync('psql', ['-h', socket, '-U', 'postgres', '-qc', sql], { stdio: ['ignore', 'ignore', 'inherit'] });

let number = 0;
/** A desk on a database of its own, two servers, and nginx before them, who asks them in turns. */
const withTwo = (settings, act) => async () => {
  const sink = await mailSink(), name = `two_${process.pid}_${number++}`;
  psql(`CREATE DATABASE ${name}`);
  const desk = await Desk.make(sink, settings, pattern.replace('{}', name));
  const first = desk.process, backends = [desk.url.replace('http://', '')];
  await desk.serve();
  const second = desk.process;
  backends.push(desk.url.replace('http://', ''));
  const port = await freePort();
  const dir = join(desk.dir, 'proxy');
  mkdirSync(dir);
  const proxy = startNginx(dir, `log_format by "$upstream_addr"; access_log ${join(dir, 'by.log')} by;
upstream desk { ${backends.map(one => `server ${one};`).join(' ')} }
server { listen 127.0.0.1:${port}; location / { proxy_pass http://desk; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; } }`);
  const ended = new Promise(done => proxy.once('exit', done));
  desk.url = `http://127.0.0.1:${port}`;
  try {
    await until(() => new Promise(done => { const one = connect(port, '127.0.0.1', () => { one.end(); done(true); }); one.on('error', () => done(false)); }), 'nginx did not start', 15000);
    await act(desk, sink, { first, second, backends, asked: () => execFileSync('cat', [join(dir, 'by.log')], { encoding: 'utf8' }).trim().split('\n') });
  } finally {
    proxy.kill('SIGTERM');
    await ended;
    for (const one of [first, second]) { desk.process = one; await desk.kill('SIGTERM'); }
    await desk.end();
    sink.end();
    psql(`DROP DATABASE ${name} WITH (FORCE)`);
  }
};
const message = page => page.getByRole('textbox', { name: 'Message' });

test('two servers on one database: one signs in once, and both know the session', withTwo({}, async (desk, _, { backends, asked }) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  for (let n = 0; n < 6; n++) is((await open(page, 1)).status(), 200);
  const by = asked();
  for (const one of backends) holds(by.filter(line => line === one).length >= 5, `${one} was asked ${by.filter(line => line === one).length} times of ${by.length}`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  for (let n = 0; n < 4; n++) {
    await page.goto(`${desk.url}/staff/tickets`);
    holds(page.url().includes('/staff/login'), 'one of them still knows the session');
  }
  quiet(page);
}));

test('two servers on one database: a draft with its file is there, and the answer is posted once', withTwo({ undo_send_s: '0' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await page.getByLabel('Files').setInputFiles({ name: 'kept.txt', mimeType: 'text/plain', buffer: Buffer.from('K') });
  await message(page).pressSequentially('half');
  await page.getByText(/Draft saved/).waitFor();
  await page.context().close();
  const elsewhere = await window_(desk, 'abe');
  for (let n = 0; n < 3; n++) {
    await open(elsewhere, 1);
    is(await message(elsewhere).inputValue(), 'half');
    await elsewhere.getByText('kept.txt').waitFor();
  }
  await message(elsewhere).fill('whole');
  await elsewhere.getByRole('button', { name: 'Send', exact: true }).dblclick();
  await elsewhere.getByText('Sent.', { exact: true }).waitFor();
  await until(() => sink.mails.filter(mail => mail.includes('whole') && mail.includes('kept.txt')).length === 1, 'it was not sent', 20000);
  await open(elsewhere, 1);
  is(await elsewhere.getByRole('article').filter({ hasText: 'whole' }).count(), 1);
}));

test('two servers on one database: what one takes in the other’s pages show within 5 s', withTwo({}, async desk => {
  desk.mail({ subject: 'Lamp' });
  const [list, ticket] = [await window_(desk, 'abe'), await window_(desk, 'ada')];
  await open(ticket, 1);
  await ticket.waitForTimeout(1200);
  desk.mail({ subject: 'A new one', from: 'Bob <bob@client.test>' });
  await list.getByRole('link', { name: 'A new one' }).waitFor({ timeout: 8000 });
  desk.mail({ subject: 'Re: Lamp [#1]', text: 'it still flickers' });
  await ticket.getByRole('article').filter({ hasText: 'it still flickers' }).waitFor({ timeout: 8000 });
  quiet(list);
}));

test('two servers on one database: an answer is taken back, whichever of them sends the mail', withTwo({ undo_send_s: '6' }, async (desk, sink) => {
  desk.mail({ subject: 'Lamp' });
  const page = await window_(desk, 'abe');
  await open(page, 1);
  await message(page).fill('first text');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('button', { name: /^Undo/ }).click();
  await page.getByText('Taken back.').waitFor();
  await open(page, 1);
  is(await message(page).inputValue(), 'first text');
  await message(page).fill('second text');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await until(() => sink.mails.filter(mail => mail.includes('second text')).length === 1, 'the second text was not sent', 30000);
  is(sink.mails.filter(mail => mail.includes('first text')).length, 0);
}));

await run();
