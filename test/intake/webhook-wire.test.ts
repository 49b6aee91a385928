import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Listener, listen } from '../../src/http/listen.ts';
import { soon } from '../support/soon.ts';
import { headersOf, jobPayload, signatureOf, webhookRig } from './webhook-rig.ts';

const MB = 1024 * 1024;
const BODY = JSON.stringify(jobPayload());

let rig: ReturnType<typeof webhookRig>;
let listener: Listener;
let sockets: Socket[];

beforeEach(async () => {
  rig = webhookRig();
  listener = await listen(rig.app, { host: '127.0.0.1', port: 0 }, 'controller.webhook_listen');
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listener.close();
});

/** Sends the head of a delivery and a part of its body. */
async function begin(headers: Record<string, string>, body = ''): Promise<Socket> {
  const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  const lines = Object.entries({ host: 'runner', ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`POST /webhook HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const chunkedHead = (body: string) => ({
  ...headersOf(body, { length: null }),
  'transfer-encoding': 'chunked',
});

/** The head of the first response, and the part of its body that has arrived. */
async function answerOn(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes('\r\n\r\n') && text.includes('}')) break;
  }
  return text;
}

async function deliver(body: string): Promise<number> {
  const { 'content-length': _, ...headers } = headersOf(body);
  return (await fetch(`${listener.url}/webhook`, { method: 'POST', headers, body })).status;
}

describe('over a socket', () => {
  test('a delivery is accepted', async () => {
    expect(await deliver(BODY)).toBe(202);
    expect(rig.handed).toHaveLength(1);
  });

  test('a delivery of the largest size that GitHub sends is accepted', async () => {
    const padded = JSON.stringify(jobPayload({}, { padding: '' }));
    const body = padded.replace('"padding":""', `"padding":"${'x'.repeat(25 * MB - padded.length)}"`);
    expect(Buffer.byteLength(body)).toBe(25 * MB);
    expect(await deliver(body)).toBe(202);
  }, 60_000);

  test.each([
    ['25 MB and a byte', { ...headersOf(BODY), 'content-length': String(25 * MB + 1) }, '413 '],
    ['no signature', headersOf(BODY, { signature: null, length: 20 * MB }), '401 '],
  ])('a delivery is refused without reading the body: %s', async (_name, headers, status) => {
    const socket = await begin(headers);
    expect(await answerOn(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect(await deliver(BODY)).toBe(202);
  });

  test('a delivery in chunks, as tunnels send it, is accepted', async () => {
    const socket = await begin(chunkedHead(BODY), chunk(BODY.slice(0, 700)));
    socket.write(`${chunk(BODY.slice(700))}0\r\n\r\n`);
    expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 202 /);
    expect(rig.handed).toHaveLength(1);
  });

  test('a delivery in endless chunks is refused at 25 MB, and its connection ends', async () => {
    const socket = await begin(chunkedHead(BODY));
    const piece = chunk('x'.repeat(MB));
    socket.on('error', () => undefined);
    for (let sent = 0; sent < 26; sent += 1) socket.write(piece);
    const answer = await answerOn(socket);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(await deliver(BODY)).toBe(202);
  });

  test('a large delivery is refused while 32 MiB of unverified bodies are being received', async () => {
    const forged = { ...headersOf(BODY, { length: MB, signature: signatureOf('whatever') }) };
    const sockets = await Promise.all(Array.from({ length: 300 }, () => begin(forged)));
    const answers = sockets.map((socket) => answerOn(socket).catch(() => ''));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.write('x'.repeat(MB - 1));
    }
    await soon(() => expect(rig.lines.filter(({ status }) => status === 503)).toHaveLength(1));
    expect(await deliver(BODY)).toBe(202);
    const unfinished = Symbol('unfinished');
    await soon(async () => {
      const states = await Promise.all(
        answers.map((one) => Promise.race([one, Promise.resolve(unfinished)])),
      );
      expect(states.filter((one) => one === unfinished).length).toBeLessThanOrEqual(32);
    });
    rig.clock.advance(8_000);
    const ends = await Promise.all(answers);
    expect(ends.filter((one) => /^HTTP\/1.1 408 /.test(one)).length).toBeGreaterThan(0);
    expect(await deliver(JSON.stringify(jobPayload({}, { padding: 'x'.repeat(2 * MB) })))).toBe(202);
  }, 60_000);

  test('a delivery whose body does not arrive in time is refused, and its connection ends', async () => {
    const socket = await begin(headersOf(BODY), BODY.slice(0, 100));
    await soon(() => expect(rig.clock.alarms).toHaveLength(1));
    rig.clock.advance(8_000);
    const answer = await answerOn(socket);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(rig.handed).toEqual([]);
  });

  test('a delivery whose sender disconnects is logged once', async () => {
    const socket = await begin(headersOf(BODY), BODY.slice(0, 100));
    await soon(() => expect(rig.clock.alarms).toHaveLength(1));
    socket.destroy();
    await soon(() => expect(rig.lines).toHaveLength(1));
    expect(rig.lines).toMatchObject([{ status: 400, msg: expect.stringContaining('did not arrive') }]);
    expect(rig.clock.alarms).toEqual([]);
  });

  test('four large deliveries are read at a time, while small ones are not delayed', async () => {
    const large = headersOf(BODY, { length: 2 * MB, signature: signatureOf('whatever') });
    const slow = await Promise.all([1, 2, 3, 4].map(() => begin(large, '{')));
    await soon(() => expect(rig.arrivals).toHaveLength(4));
    expect(await answerOn(await begin(large, '{'))).toMatch(/^HTTP\/1.1 503 /);
    expect(await deliver(BODY)).toBe(202);
    rig.clock.advance(8_000);
    for (const socket of slow) expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 408 /);
    await begin(large, '{');
    await soon(() => expect(rig.clock.alarms).toHaveLength(1));
  });
});
