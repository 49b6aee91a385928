import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulatedWorld } from '../../src/cli/simulation/simulated-world.ts';
import {
  SIMULATED_AGENT_TOKEN,
  SIMULATED_REPOSITORY,
  worldConfig,
} from '../../src/cli/simulation/world-config.ts';
import { systemClock } from '../../src/clock.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { runCli } from '../cli/cli-process.ts';

/** A host name that only the proxy can reach. */
const NAME = 'github.test';

/** A proxy in its own process. It forwards everything to one port, and reports what was requested. */
const PROXY = `
const { createServer } = require('node:http');
const { connect } = require('node:net');
const server = createServer((request, response) => {
  console.log('plain ' + request.url);
  response.writeHead(502).end();
});
server.on('connect', (request, socket) => {
  console.log('connect ' + request.url);
  const onward = connect(Number(process.argv[1]), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\\r\\n\\r\\n');
    socket.pipe(onward).pipe(socket);
  });
  socket.on('error', () => onward.destroy());
  onward.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => console.log('at ' + server.address().port));
`;

const disposals: (() => unknown)[] = [];
afterAll(async () => {
  for (const dispose of disposals.reverse()) await dispose();
});

let config: string;
let ca: string;
let proxy: string;
let asked: () => string[];

/** A CA, and its certificate for the name. */
function makeCertificate(folder: string): { cert: string; key: string } {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const fresh = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...fresh,
    '-days',
    '2',
    '-subj',
    '/CN=a CA of the test',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  openssl('req', ...fresh, '-subj', `/CN=${NAME}`, '-keyout', 'key.pem', '-out', 'request.pem');
  writeFileSync(join(folder, 'names'), `subjectAltName=DNS:${NAME}\n`);
  openssl(
    ...['x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '2', '-extfile', 'names', '-out', 'cert.pem'],
  );
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { cert: read('cert.pem'), key: read('key.pem') };
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-proxy-'));
  disposals.push(() => rmSync(folder, { recursive: true }));
  const address = { host: '127.0.0.1', port: 0 };
  const fixed = { clock: systemClock, random: Math.random, macs: 1, agentToken: SIMULATED_AGENT_TOKEN };
  const world = await startSimulatedWorld({ ...fixed, ...address });
  disposals.push(() => world.close());
  ensureRepository(world.github.world, SIMULATED_REPOSITORY);

  const github = new URL(world.github.url);
  const secure = createServer(makeCertificate(folder), (asking, answer) => {
    const { method, url, headers } = asking;
    const onward = request(
      { host: github.hostname, port: github.port, method, path: url, headers },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    asking.pipe(onward);
  });
  secure.listen(0, '127.0.0.1');
  await once(secure, 'listening');
  disposals.push(() => {
    secure.closeAllConnections();
    secure.close();
  });

  const child = spawn(process.execPath, ['-e', PROXY, `${(secure.address() as AddressInfo).port}`]);
  disposals.push(() => child.kill());
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child.stdout, 'data');
  proxy = `http://127.0.0.1:${/^at (\d+)$/m.exec(said)?.[1]}`;
  asked = () => said.split('\n').filter((line) => /^(?:connect|plain) /.test(line));

  const content = worldConfig({
    world,
    agentToken: SIMULATED_AGENT_TOKEN,
    webhookSecret: 'secret of the webhook',
    webhookListen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    store: { path: join(folder, 'store') },
  });
  content.github.api_url = `https://${NAME}${github.pathname.replace(/\/$/, '')}`;
  config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(content));
  ca = join(folder, 'ca.pem');
});

test('GitHub is reached by TLS through the proxy with a CA of the operator, agents are reached without it', async () => {
  const env = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NODE_EXTRA_CA_CERTS: ca };
  const { code, stdout } = await runCli(['check', '--config', config], { env });
  expect(stdout).toContain(
    `GitHub is reached through the proxy ${proxy} (HTTPS_PROXY); agents are called directly.`,
  );
  expect(stdout).toContain(`The CAs in ${ca} (NODE_EXTRA_CA_CERTS) are trusted as well.`);
  expect(stdout).toContain('The token has the scope repo.');
  expect({ code, wrong: stdout.split('\n').filter((line) => line.startsWith('✗')) }).toEqual({
    code: 0,
    wrong: [],
  });
  expect(new Set(asked())).toEqual(new Set([`connect ${NAME}:443`]));
});

test('an untrusted certificate is reported with the variable that makes it trusted', async () => {
  const { code, stdout } = await runCli(['check', '--config', config], { env: { HTTPS_PROXY: proxy } });
  expect(code).not.toBe(0);
  const wrong = stdout.split('\n').filter((line) => line.startsWith('✗'));
  expect(wrong.join('\n')).toMatch(/github .*certificate.*NODE_EXTRA_CA_CERTS/i);
});
