// A desk of its own for the tests of the pages: the real binary, a database in a temporary folder, and a mail server
// that only listens.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const binary = process.env.MAILDESK_BIN ?? 'target/debug/maildesk';
export const password = 'a-long-secret';

/** Takes every mail that is handed over and keeps it. */
export async function mailSink() {
  const mails = [];
  const server = createServer(socket => {
    let data = '', isBody = false;
    socket.write('220 sink ESMTP\r\n');
    socket.on('data', chunk => {
      data += chunk;
      for (;;) {
        if (isBody) {
          const end = data.indexOf('\r\n.\r\n');
          if (end < 0) return;
          mails.push(data.slice(0, end));
          data = data.slice(end + 5);
          isBody = false;
          socket.write('250 taken\r\n');
          continue;
        }
        const end = data.indexOf('\r\n');
        if (end < 0) return;
        const line = data.slice(0, end);
        data = data.slice(end + 2);
        if (/^DATA/i.test(line)) { isBody = true; socket.write('354 go on\r\n'); }
        else if (/^QUIT/i.test(line)) { socket.end('221 bye\r\n'); return; }
        else socket.write('250 ok\r\n');
      }
    });
    socket.on('error', () => {});
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return { mails, port: server.address().port, end: () => server.close() };
}

export class Desk {
  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'maildesk-web-'));
    this.db = join(this.dir, 'desk.db');
    this.n = 0;
  }

  admin(...words) { return execFileSync(binary, ['--db', this.db, 'admin', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }); }

  static async make(sink, settings = {}) {
    const desk = new Desk();
    desk.admin('init', '--site-name', 'Example Desk');
    desk.admin('department', 'add', 'Sales');
    const out = sink ? ['--outgoing', 'smtp', '--smtp-host', '127.0.0.1', '--smtp-port', String(sink.port), '--smtp-tls', 'none'] : [];
    desk.admin('address', 'add', 'support@desk.test', '--name', 'Support', '--department', '1', '--default', '--incoming', 'pipe', ...out);
    desk.admin('address', 'add', 'sales@desk.test', '--name', 'Sales', '--department', '2', '--incoming', 'pipe', ...out);
    const file = join(desk.dir, 'password');
    writeFileSync(file, password, { mode: 0o600 });
    for (const [user, name, role, department] of [['ada', 'Ada Admin', 'admin', ''], ['abe', 'Abe Agent', 'agent', '1'], ['sue', 'Sue Sales', 'agent', '2']])
      desk.admin('staff', 'add', user, '--name', name, '--email', `${user}@desk.test`, '--role', role, ...(department ? ['--department', department] : []), '--password-file', file);
    for (const [key, value] of Object.entries({ login_attempt: '0', web_signins: '1000', ...settings })) desk.admin('setting', 'set', key, value);
    await desk.serve();
    return desk;
  }

  async serve({ isVerbose = false, prefix = [] } = {}) {
    const log = isVerbose ? openSync(join(this.dir, 'serve.log'), 'a') : 'inherit';
    this.process = spawn(binary, [...prefix, '--db', this.db, isVerbose ? '-vv' : '--quiet', 'serve', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', log] });
    const line = await new Promise((done, fail) => {
      let text = '';
      this.process.stdout.on('data', chunk => { text += chunk; if (text.includes('\n')) done(text); });
      this.process.on('exit', code => fail(new Error(`serve ended with ${code}`)));
    });
    this.url = line.match(/http:\/\/\S+/)[0];
  }

  /** What a verbose `serve` has logged. */
  log() { return readFileSync(join(this.dir, 'serve.log'), 'utf8'); }

  async kill(signal = 'SIGKILL') {
    const gone = new Promise(done => this.process.once('exit', done));
    this.process.removeAllListeners('exit');
    this.process.once('exit', () => {});
    this.process.kill(signal);
    await Promise.race([gone, new Promise(done => this.process.once('exit', done))]);
  }

  /** Takes in a mail as an MTA would hand it over. */
  mail({ from = 'Ann Lee <ann@client.test>', to = 'support@desk.test', subject = 'Printer', text = 'Hello', html, head = '', raw }) {
    this.n++;
    const id = `<m${this.n}.${process.pid}@client.test>`;
    const body = html
      ? `MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n--b--\r\n`
      : `MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;
    const mail = raw ?? `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: ${id}\r\nDate: ${new Date().toUTCString()}\r\n${head}${body}`;
    execFileSync(binary, ['--db', this.db, 'pipe', '--recipient', to], { input: mail, stdio: ['pipe', 'ignore', 'ignore'] });
    return this.n;
  }

  json(...words) { return JSON.parse(this.admin('--json', ...words)); }

  async end() {
    await this.kill('SIGTERM').catch(() => {});
    rmSync(this.dir, { recursive: true, force: true });
  }
}
