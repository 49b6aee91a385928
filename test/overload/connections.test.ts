import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliver, type Overload, overload, talk, WEBHOOKS_ALONE } from './overload-rig.ts';

const MB = 1_000_000;
/** Milliseconds within which a request must arrive, and the same again for a slow machine. */
const CUT_WITHIN = 20_000;

let rig: Overload;
beforeAll(async () => {
  rig = await overload({ hook: false, config: { controller: WEBHOOKS_ALONE } });
});
afterAll(() => rig[Symbol.asyncDispose]());

const listeners = () => [rig.world.webhookUrl, rig.world.adminUrl];
const jobs = async () =>
  ((await (await fetch(`${rig.world.adminUrl}/api/status`)).json()) as { jobs: number }).jobs;
const destroyAll = (sockets: { socket: Socket }[]) => {
  for (const { socket } of sockets) socket.destroy();
};

test('hundreds of clients that send nothing, or a byte now and then, are cut, and real ones are still served', async () => {
  const before = await rig.memory();
  const starts = [
    '',
    'POST /webhook HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ',
    'GET /api/status HTTP/1.1\r\n',
  ];
  const slow = listeners().flatMap((url) =>
    starts.flatMap((text) => Array.from({ length: 60 }, () => talk(url, text))),
  );
  const body =
    'POST /webhook HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nx-github-event: workflow_job\r\nx-github-delivery: d\r\nx-hub-signature-256: sha256=00\r\ncontent-length: 5000\r\n\r\n{';
  slow.push(...Array.from({ length: 60 }, () => talk(rig.world.webhookUrl, body)));
  const trickle = setInterval(() => {
    for (const { socket } of slow) if (!socket.destroyed) socket.write('a');
  }, 500);
  try {
    const known = await jobs();
    expect(await deliver(rig.world, { jobId: 11 })).toBe(202);
    expect(await jobs()).toBe(known + 1);
    const began = performance.now();
    await Promise.all(slow.map(({ ended }) => ended));
    expect(performance.now() - began).toBeLessThan(CUT_WITHIN);
  } finally {
    clearInterval(trickle);
    destroyAll(slow);
  }
  expect((await rig.memory()) - before).toBeLessThan(150 * MB);
});

test('bodies that are too large, with a stated size or in endless chunks, are refused, not stored, and cut off soon', async () => {
  const head = (length: string) =>
    `POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-github-event: workflow_job\r\nx-github-delivery: d\r\nx-hub-signature-256: sha256=00\r\n${length}\r\n\r\n`;
  const before = await rig.memory();
  for (const [length, piece] of [
    ['content-length: 30000000', 'x'.repeat(1_000_000)],
    ['transfer-encoding: chunked', `f4240\r\n${'x'.repeat(1_000_000)}\r\n`],
  ] as const) {
    const liar = talk(rig.world.webhookUrl, head(length));
    const patient = performance.now() + CUT_WITHIN;
    while (!liar.socket.destroyed && performance.now() < patient) {
      if (!liar.socket.write(piece))
        await Promise.race([once(liar.socket, 'drain').catch(() => undefined), liar.ended]);
      // Writes that the system accepts at once would never let this process read the response.
      await new Promise(setImmediate);
    }
    expect(liar.socket.destroyed, length).toBe(true);
    expect(liar.heard(), length).toMatch(/^HTTP\/1.1 413 /);
  }
  expect((await rig.memory()) - before).toBeLessThan(100 * MB);
});

test('a hundred clients that do not read their events delay no other client', async () => {
  const events = `GET /api/events?after=0 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
  const lazy = Array.from({ length: 100 }, () => talk(rig.world.adminUrl, events));
  for (const { socket } of lazy) socket.pause();
  const known = await jobs();
  const many = Array.from({ length: 200 }, (_, n) => deliver(rig.world, { jobId: 5_000 + n }));
  expect(new Set(await Promise.all(many))).toEqual(new Set([202]));
  expect(await jobs()).toBe(known + many.length);
  destroyAll(lazy);
});
