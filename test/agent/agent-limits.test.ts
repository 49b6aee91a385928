import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import { ScriptedAgent, vmAnswer } from './scripted-agent.ts';

const ID = '5FE2FD40-9293-4F3F-ABDD-844873B33934';
const MIB = 2 ** 20;
/** Milliseconds for a whole call here. */
const DEADLINE = 300;

let agent: ScriptedAgent;
/** It has the deadline of a real call. */
let client: AgentClient;
/** It has the short deadline, which a loaded machine can miss: only for calls that must not end in time. */
let hasty: AgentClient;

beforeEach(async () => {
  agent = await new ScriptedAgent().listen();
  const settings = { name: 'mac-1', baseUrl: agent.baseUrl, token: 'token' };
  client = new AgentClient(settings);
  hasty = new AgentClient({ ...settings, readTimeoutMs: DEADLINE });
});

afterEach(async () => {
  await client.close();
  await hasty.close();
  await agent.close();
});

/** How a call failed, and after how many milliseconds. */
async function failureOf(call: Promise<unknown>) {
  const began = performance.now();
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DaemonError)) throw error;
  return { code: error.failure.code, message: error.message, ms: performance.now() - began };
}

/** Sends a piece at once and then every 20 ms, until the other side is gone. */
function drip(send: () => boolean): void {
  const timer = setInterval(() => send() || clearInterval(timer), 20);
}

/** A body of so many MiB, sent as fast as it is read; `sent` counts what went out. */
function flood(sent: { bytes: number }, mebibytes: number, status = 200) {
  const piece = Buffer.alloc(MIB, ' ');
  function* pieces() {
    for (let n = 0; n < mebibytes; n += 1) {
      sent.bytes += piece.length;
      yield piece;
    }
  }
  return {
    write: (response: ServerResponse) => {
      response.writeHead(status, { connection: 'close' });
      Readable.from(pieces()).pipe(response);
    },
  };
}

describe('the deadline of a call covers the whole call', () => {
  test('an agent that sends one byte of the body now and then does not hold it open', async () => {
    agent.on('GET /health', {
      write: (response) => {
        response.writeHead(200, { connection: 'close' });
        drip(() => !response.destroyed && response.write(' '));
      },
    });
    const { code, message, ms } = await failureOf(hasty.health());
    expect(code).toBe('HOST_UNREACHABLE');
    expect(message).toContain('no answer in time');
    expect(ms).toBeLessThan(DEADLINE + 1_000);
  });

  test('an agent that sends one byte of the headers now and then does not hold it open', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\nx-slow: ');
      drip(() => socket.writable && socket.write('x'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    const slow = new AgentClient({ name: 'slow', baseUrl, token: 'token', readTimeoutMs: DEADLINE });
    const { code, ms } = await failureOf(slow.health());
    expect(code).toBe('HOST_UNREACHABLE');
    expect(ms).toBeLessThan(DEADLINE + 1_000);
    await slow.close();
    server.close();
  });

  test('all pages of a list share one deadline', async () => {
    agent.on('GET /vms', ({ query }) => {
      const at = Number(query.get('offset'));
      const text = JSON.stringify({ vms: [vmAnswer({ id: `VM-${at}` })], total: 1e6, limit: 1, offset: at });
      return { write: (response) => void setTimeout(() => response.end(text), 100) };
    });
    const { code, ms } = await failureOf(hasty.listVms());
    expect(code).toBe('HOST_UNREACHABLE');
    expect(ms).toBeLessThan(DEADLINE + 1_000);
    expect(agent.requests.length).toBeLessThan(6);
  });

  test('a signal that outlives its calls keeps no listener of them', async () => {
    const control = new AbortController();
    agent.on('GET /health', {
      json: { status: 'healthy', version: '1', uptime: 1, vmsTotal: 0, vmsRunning: 0 },
    });
    for (let n = 0; n < 20; n += 1) await client.health({ signal: control.signal });
    expect(getEventListeners(control.signal, 'abort')).toEqual([]);
  });
});

describe('a response has a largest size', () => {
  test('a larger response is cut off and is a failure, whatever its status', async () => {
    for (const status of [200, 500]) {
      const sent = { bytes: 0 };
      agent.on('GET /system/capabilities', flood(sent, 1_000, status));
      const { code, message } = await failureOf(client.capabilities());
      expect(code).toBe('AGENT_ERROR');
      expect(message).toContain('more than 8 MiB');
      expect(sent.bytes).toBeLessThan(64 * MIB);
    }
  });

  test('a screenshot may be larger than other responses, but has a largest size too', async () => {
    agent.on(`GET /vms/${ID}/screenshot`, flood({ bytes: 0 }, 20));
    expect(await client.screenshot(ID)).toHaveLength(20 * MIB);
    agent.on(`GET /vms/${ID}/screenshot`, flood({ bytes: 0 }, 1_000));
    expect((await failureOf(client.screenshot(ID))).message).toContain('more than 32 MiB');
  });
});

describe('reading a list comes to an end', () => {
  const page = (offset: number, limit = 1) =>
    Array.from({ length: limit }, (_, n) => vmAnswer({ id: `VM-${offset + n}` }));

  test('a page that is not full is the last one, however many the agent says that there are', async () => {
    agent.on('GET /vms', { json: { vms: page(0, 3), total: 1e9, limit: 1000, offset: 0 } });
    expect(await client.listVms()).toHaveLength(3);
    expect(agent.requests).toHaveLength(1);
  });

  test('an agent that returns the same page again and again is a failure that says so', async () => {
    agent.on('GET /vms', { json: { vms: page(0, 1000), total: 1e9, limit: 1000, offset: 0 } });
    const { code, message } = await failureOf(client.listVms());
    expect(code).toBe('AGENT_ERROR');
    expect(message).toContain('every page of the list is the same');
    expect(agent.requests).toHaveLength(2);
  });

  test('an agent that always has another page is a failure after 20 pages', async () => {
    agent.on('GET /images', ({ query }) => {
      const offset = Number(query.get('offset'));
      return { json: { images: [{ id: `I-${offset}`, reference: 'r' }], total: 1e9, limit: 1, offset } };
    });
    const { code, message } = await failureOf(client.listImages());
    expect(code).toBe('AGENT_ERROR');
    expect(message).toContain('does not end after 20 pages');
    expect(agent.requests).toHaveLength(20);
  });

  test('a VM that is on two pages, since another one went in between, is returned once', async () => {
    agent.on('GET /vms', ({ query }) => {
      const offset = Number(query.get('offset'));
      const vms = offset === 0 ? page(0, 2) : offset === 2 ? page(1, 2) : [];
      return { json: { vms, total: 3, limit: 2, offset } };
    });
    expect((await client.listVms()).map(({ id }) => id)).toEqual(['VM-0', 'VM-1', 'VM-2']);
  });
});
