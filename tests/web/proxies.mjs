// The pages below a path behind nginx and Caddy, with the files of examples/: node tests/web/proxies.mjs [WORD]. Ends with
// "N passed, N failed".
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Desk, mailSink, password } from './desk.mjs';
import { end, holds, is, linkIn, page_, test, until } from './harness.mjs';

const freePort = () => new Promise(done => { const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => done(port)); }); });
const answers = port => new Promise(done => { const socket = connect(port, '127.0.0.1', () => { socket.end(); done(true); }); socket.on('error', () => done(false)); });

/** nginx with the shipped file, on a free port and with a certificate of its own. */
function nginx(dir, port, upstream, location) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem'), '-days', '2', '-subj', '/CN=desk.example.com'], { stdio: 'ignore' });
  const shipped = readFileSync('examples/nginx.conf', 'utf8')
    .replace('server 127.0.0.1:8080;', `server ${upstream};`)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`).replace(/\n *listen \[::\]:443 ssl;/, '')
    .replace(/\/etc\/letsencrypt\S+fullchain\.pem/, join(dir, 'cert.pem')).replace(/\/etc\/letsencrypt\S+privkey\.pem/, join(dir, 'key.pem'))
    .replace('proxy_set_header Host $host;', 'proxy_set_header Host $http_host;')
    .replace(/location \/ \{\n( *)proxy_pass http:\/\/maildesk;/, location);
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${join(dir, name)};`).join('\n');
  writeFileSync(join(dir, 'nginx.conf'), `daemon off; master_process off; pid ${join(dir, 'nginx.pid')}; error_log ${join(dir, 'nginx.log')};\nevents {}\nhttp {\naccess_log off;\n${temp}\n${shipped}\n}\n`);
  return spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-p', dir, '-e', join(dir, 'nginx.log')], { stdio: 'ignore' });
}

/** Caddy with the shipped file, on a free port and with a certificate of its own. */
function caddy(dir, port, upstream, wrap) {
  const shipped = readFileSync('examples/Caddyfile', 'utf8').replace('desk.example.com {', `https://localhost:${port} {\n\ttls internal`).replace('127.0.0.1:8080', upstream);
  const global = `{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tlocal_certs\n\tstorage file_system ${join(dir, 'caddy')}\n}\n`;
  writeFileSync(join(dir, 'Caddyfile'), global + wrap(shipped));
  return spawn('caddy', ['run', '--config', join(dir, 'Caddyfile'), '--adapter', 'caddyfile'], { stdio: 'ignore', env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } });
}

const behind = (start, host) => async () => {
  const sink = await mailSink();
  const desk = await Desk.make(sink, { undo_send_s: '0' });
  let proxy;
  try {
    const config = join(desk.dir, 'maildesk.toml');
    writeFileSync(config, 'trusted_proxies = ["127.0.0.1", "::1"]\n', { mode: 0o600 });
    await desk.kill('SIGTERM');
    await desk.serve({ prefix: ['--config', config] });
    const port = await freePort(), site = `https://${host}:${port}/desk`;
    desk.admin('setting', 'set', 'site_url', site);
    const dir = join(desk.dir, 'proxy');
    mkdirSync(dir, { mode: 0o700 });
    proxy = start(dir, port, new URL(desk.url).host);
    await until(() => answers(port), 'the proxy does not listen', 15000);
    desk.mail({ from: 'Ann <ann@client.test>', subject: 'Lamp' });
    const base = { url: site }, page = await page_(base, { ignoreHTTPSErrors: true });
    const link = (await until(() => sink.mails.map(mail => mail.replaceAll('=\r\n', '').replaceAll('=3D', '=')).join('\n').match(/https:\/\/[^\s"<]*\/t\/[A-Za-z0-9_-]+/)?.[0], 'no link was mailed'));
    holds(link.startsWith(`${site}/t/`), link);
    await page.goto(link);
    is(page.url(), `${site}/tickets/show/1`, 'the ticket:');
    for (const path of ['/', '/submit-ticket', '/login']) {
      is((await page.goto(site + path)).status(), 200, `${path}:`);
      const strange = await page.evaluate(() => [...document.querySelectorAll('a[href], form[action], link[href], script[src], img[src]')].map(one => one.getAttribute('href') ?? one.getAttribute('action') ?? one.getAttribute('src')).filter(to => to.startsWith('/') && !to.startsWith('/desk/') && to !== '/desk'));
      is(strange.join(), '', `links of ${path} that leave the prefix:`);
    }
    await page.goto(`${site}/staff/login`);
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${site}/staff/tickets`);
    await page.getByRole('link', { name: 'Lamp' }).click();
    await page.getByRole('textbox', { name: 'Message' }).fill('From behind a proxy');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByText('From behind a proxy').first().waitFor();
    await page.goto(`${site}/staff/departments/new`);
    await page.getByLabel('Name', { exact: true }).fill('Third');
    await page.getByRole('button', { name: 'Save' }).click();
    is(page.url(), `${site}/staff/departments?done=saved`, 'after saving:');
    for (const cookie of await page.context().cookies()) if (cookie.name.startsWith('__Host-')) is([cookie.secure, cookie.httpOnly, cookie.path, cookie.sameSite].join(), 'true,true,/,Lax', cookie.name);
    is(desk.json('audit', 'list', '--limit', '1')[0].ip, '127.0.0.1', 'the client’s address:');
    is(page.faults.join('\n'), '', 'the page complains:');
  } finally {
    proxy?.kill('SIGKILL');
    await desk.end();
    sink.end();
  }
};

const has = program => { try { execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }); return true; } catch { return false; } };
if (has('nginx')) {
  test('below /desk behind nginx, which keeps the prefix', behind((dir, port, to) => nginx(dir, port, to, 'location /desk/ {\n$1proxy_pass http://maildesk;'), 'localhost'));
  test('below /desk behind nginx, which cuts the prefix off', behind((dir, port, to) => nginx(dir, port, to, 'location /desk/ {\n$1proxy_pass http://maildesk/;'), 'localhost'));
}
if (has('caddy')) {
  test('below /desk behind Caddy, which keeps the prefix', behind((dir, port, to) => caddy(dir, port, to, file => file), 'localhost'));
  test('below /desk behind Caddy, which cuts the prefix off', behind((dir, port, to) => caddy(dir, port, to, file => file.replace('reverse_proxy', 'uri strip_prefix /desk\n\treverse_proxy')), 'localhost'));
}
await end();
