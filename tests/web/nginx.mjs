// A private nginx on loopback: its folders below one of ours, nothing of the system's.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const nginx = '/usr/sbin/nginx';

export async function freePort() {
  const server = createServer();
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise(done => server.close(done));
  return port;
}

/** Starts it in a folder; `http` is what stands in the block of that name. */
export function startNginx(dir, http) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${join(dir, kind)};`).join(' ');
  writeFileSync(join(dir, 'nginx.conf'), `user root;\nworker_processes 1;\npid ${join(dir, 'pid')};\nevents {}\nhttp { ${temporary}\n${http}\n}\n`);
  return spawn(nginx, ['-p', dir, '-e', join(dir, 'error.log'), '-c', join(dir, 'nginx.conf'), '-g', 'daemon off;'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
