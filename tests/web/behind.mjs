// The pages behind the shipped examples of nginx and Caddy, which are really started, at the root of a host and below a
// path: node tests/web/behind.mjs [WORD]. Check 38. Ends with "N passed, N failed[, N skipped]".
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { join } from 'node:path';
import { Desk, browser, holds, is, launch, mailSink, password, plain, run, test, until } from './browser.mjs';
import { freePort, nginx, startNginx } from './nginx.mjs';

await browser.close();
const host = 'desk.example.org';
const mapped = await launch([`--host-resolver-rules=MAP ${host} 127.0.0.1`]);

/** The shipped text with what belongs to a test's machine; everything else stays as it is shipped. */
function adapted(text, changes) {
  for (const [shipped, own] of changes) {
    holds(text.includes(shipped), `the example has no ${shipped} any more`);
    text = text.replaceAll(shipped, own);
  }
  return text;
}
const proxies = {
  nginx: {
    program: nginx,
    start(dir, port, backend, isCut) {
      let site = adapted(readFileSync('examples/nginx.conf', 'utf8'), [
        ['    listen [::]:443 ssl;\n', ''], ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`], ['127.0.0.1:8080', backend],
        [`/etc/letsencrypt/live/${host}/fullchain.pem`, join(dir, 'cert.pem')], [`/etc/letsencrypt/live/${host}/privkey.pem`, join(dir, 'key.pem')],
      ]);
      // The usual way to put something below a path: the proxy cuts it off.
      if (isCut) site = adapted(site, [['location / {', 'location /desk/ {'], ['proxy_pass http://maildesk;', 'proxy_pass http://maildesk/;']]);
      return startNginx(dir, `access_log off;\n${site}`);
    },
  },
  Caddy: {
    program: '/usr/bin/caddy',
    start(dir, port, backend, isCut) {
      let site = adapted(readFileSync('examples/Caddyfile', 'utf8'), [[`${host} {`, `https://${host}:${port} {\n\ttls ${join(dir, 'cert.pem')} ${join(dir, 'key.pem')}`], ['127.0.0.1:8080', backend]]);
      if (isCut) site = adapted(site, [['\treverse_proxy', '\turi strip_prefix /desk\n\treverse_proxy']]);
      writeFileSync(join(dir, 'Caddyfile'), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
      return spawn(this.program, ['run', '--adapter', 'caddyfile', '--config', join(dir, 'Caddyfile')], { stdio: ['ignore', 'ignore', 'ignore'], env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } });
    },
  },
};

async function behind(kind, prefix, isCut, act) {
  const sink = await mailSink(), desk = await Desk.make(sink, { undo_send_s: '0' });
  const port = await freePort(), base = `https://${host}:${port}${prefix}`;
  await desk.kill('SIGTERM');
  desk.config = join(desk.dir, 'maildesk.toml');
  writeFileSync(desk.config, 'trusted_proxies = ["127.0.0.1"]\n');
  desk.admin('setting', 'set', 'site_url', base);
  await desk.serve();
  const dir = join(desk.dir, 'proxy');
  mkdirSync(dir);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${host}`, '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')], { stdio: 'ignore' });
  const proxy = proxies[kind].start(dir, port, desk.url.replace('http://', ''), isCut);
  const ended = new Promise(done => proxy.once('exit', done));
  try {
    await until(() => new Promise(done => { const socket = connect({ port, host: '127.0.0.1', servername: host, rejectUnauthorized: false }, () => { socket.end(); done(true); }); socket.on('error', () => done(false)); }), `${kind} did not start`, 15000);
    await act(desk, base, sink);
  } finally {
    proxy.kill('SIGTERM');
    await ended;
    await desk.end();
    sink.end();
  }
}

/** Everything a page links to, loads, or sends its forms to. */
const links = page => page.evaluate(() => [...document.querySelectorAll('[href], [src], [action]')].map(one => [one.getAttribute('href') ?? one.getAttribute('src') ?? one.getAttribute('action'), one.tagName]).filter(([to]) => to && !/^(data:|mailto:|otpauth:|#|\?)/.test(to)));

async function walk(desk, base, sink) {
  const origin = new URL(base).origin, prefix = new URL(base).pathname.replace(/\/$/, '');
  desk.mail({ subject: 'Lamp', html: '<table><tr><td>It flickers.</td></tr></table>' });
  const context = await mapped.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage(), strange = [], refused = [];
  page.on('request', asked => { if (!asked.url().startsWith(`${base}/`) && !/^(data|about):/.test(asked.url())) strange.push(asked.url()); });
  page.on('response', answer => { if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`); });
  page.on('console', said => { if (/Content Security Policy|Refused to/i.test(said.text())) refused.push(said.text()); });
  await page.goto(`${base}/staff`);
  await page.waitForURL(`${base}/staff/login**`);
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/staff/tickets`);
  const [cookie] = (await context.cookies(base)).filter(one => one.name === '__Host-maildesk');
  holds(cookie?.secure && cookie.httpOnly && cookie.path === '/', `the cookie is ${JSON.stringify(cookie)}`);
  const asked = new Set();
  for (const path of ['/staff/tickets', '/staff/tickets/view/1', '/staff/tickets/create', '/staff/tickets/search?q=Lamp', '/staff/aside', '/staff/outbox', '/staff/account/profile', '/staff/kb', '/staff/setup/general', '/staff/departments', '/', '/submit-ticket', '/login']) {
    await page.goto(base + path);
    for (const [to, tag] of await links(page)) {
      const url = new URL(to, page.url());
      if (url.origin !== origin) continue;
      holds(url.pathname === prefix || url.pathname.startsWith(`${prefix}/`), `${tag} of ${path} leads to ${to}`);
      if (tag !== 'FORM') asked.add(url.href.replace(/#.*/, ''));
    }
  }
  const got = await page.evaluate(urls => Promise.all(urls.map(async url => { const answer = await fetch(url); return [url, answer.status, answer.url]; })), [...asked]);
  for (const [url, status, to] of got) {
    holds(status < 400, `${url}: ${status}`);
    holds(to.startsWith(base), `${url} leads to ${to}`);
  }
  await page.goto(`${base}/staff/tickets/view/1`);
  await page.frameLocator('iframe').getByText('It flickers.').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill('Turn it off.');
  await page.getByLabel('Files').setInputFiles({ name: 'how.txt', mimeType: 'text/plain', buffer: Buffer.alloc(200_000, 'x') });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Sent.', { exact: true }).waitFor();
  holds(page.url().startsWith(`${base}/staff/tickets/view/1`), page.url());
  const size = await page.evaluate(async to => (await (await fetch(to)).arrayBuffer()).byteLength, await page.getByRole('link', { name: 'how.txt' }).getAttribute('href'));
  is(size, 200_000, 'the file:');
  // The link in the mail is the customer's way in.
  await until(() => sink.mails.some(mail => plain(mail).includes(`${base}/t/`)), 'no mail names the ticket’s page', 15000);
  desk.mail({ subject: 'Re: Lamp [#1]', text: 'It works again.' });
  await page.getByRole('article').filter({ hasText: 'It works again.' }).waitFor({ timeout: 8000 });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${base}/staff/login**`);
  is((await context.cookies(base)).filter(one => one.name === '__Host-maildesk').length, 0, 'cookies after signing out:');
  is(strange.join('\n'), '', 'asked for');
  is(refused.join('\n'), '', 'refused');
  await context.close();
}

let skipped = 0;
for (const kind of Object.keys(proxies)) {
  if (!existsSync(proxies[kind].program)) { console.log(`SKIPPED: ${kind} is not installed`); skipped++; continue; }
  for (const [prefix, isCut] of [['', false], ['/desk', false], ['/desk', true]])
    test(`38: behind the shipped ${kind} file ${prefix ? `below ${prefix}/, which the proxy ${isCut ? 'cuts off' : 'keeps'}` : 'at the root'}`, () => behind(kind, prefix, isCut, walk));
}
await run(async () => mapped.close(), skipped);
