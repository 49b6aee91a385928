import { describe, expect, test } from 'vitest';
import { FaultPlan, faultSchema } from '../../../src/simulator/faults.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { soon } from '../../support/soon.ts';
import { codeOf, IMAGE, seededRandom, servedWorld, TOKEN } from './agent-fixture.ts';

function plan(random: () => number = Math.random) {
  const clock = new ManualClock();
  return { clock, faults: new FaultPlan(clock, random) };
}

describe('a fault', () => {
  test.each([
    ['POST /vms/:id/start', 'POST /vms/A-1/start', true],
    ['POST /vms/:id/start', 'POST /vms/:id/start', true],
    ['POST /vms/:id/start', 'POST /vms/A/B/start', false],
    ['POST /vms/:id/start', 'GET /vms/A/start', false],
    ['GET *', 'GET /vms/A/state', true],
    ['*', 'DELETE /vms/A', true],
    ['mac pull ghcr.io/x/y:latest', 'mac pull ghcr.io/x/y:latest', true],
    ['GET /vms', 'GET /vms/A', false],
    ['GET /a.b', 'GET /axb', false],
  ])('on %s matches %s: %s', (route, request, matches) => {
    const { faults } = plan();
    faults.add({ route });
    expect(faults.next(request) !== null).toBe(matches);
  });

  test('hits `times` requests after those that it skips, and counts its hits', () => {
    const { faults } = plan();
    const fault = faults.add({ route: 'GET /x', skip: 1, times: 2 });
    expect([1, 2, 3, 4].map(() => faults.next('GET /x') !== null)).toEqual([false, true, true, false]);
    expect(fault.hits).toBe(2);
    expect(faults.list()).toEqual([fault]);
    faults.clear();
    expect(faults.list()).toEqual([]);
  });

  test('is active only within its time window', async () => {
    const { clock, faults } = plan();
    faults.add({ route: '*', afterMs: 100, untilMs: 200 });
    const hits = [];
    for (let step = 0; step < 3; step += 1) {
      hits.push(faults.next('GET /x') !== null);
      await clock.pass(100);
    }
    expect(hits).toEqual([false, true, false]);
  });

  test('with a probability hits about that share of requests, the same ones for the same seed', () => {
    const run = () => {
      const { faults } = plan(seededRandom(7));
      const fault = faults.add({ route: '*', probability: 0.3 });
      const pattern = Array.from({ length: 1_000 }, () => faults.next('GET /x') !== null);
      return { hits: fault.hits, pattern };
    };
    expect(run().hits).toBeGreaterThan(240);
    expect(run().hits).toBeLessThan(360);
    expect(run()).toEqual(run());
  });

  test('with no hits left makes room for the next fault', () => {
    const { faults } = plan();
    faults.add({ route: '*', status: 500, times: 1 });
    faults.add({ route: '*', status: 503 });
    expect([faults.next('GET /x')?.status, faults.next('GET /x')?.status]).toEqual([500, 503]);
  });

  test('with an unknown field is refused', () => {
    expect(faultSchema.safeParse({ route: '*', statuscode: 500 }).success).toBe(false);
  });
});

describe('on the agent’s routes', () => {
  test('a status is returned instead of the work', async () => {
    await using mac = await servedWorld();
    mac.faults.add({ route: 'POST /vms', status: 429, code: 'TOO_MANY_IMAGE_OPERATIONS', times: 1 });
    const first = await mac.call('POST', '/vms', { name: 'vm', image: IMAGE });
    expect([first.status, codeOf(first.body)]).toEqual([429, 'TOO_MANY_IMAGE_OPERATIONS']);
    expect(mac.world.vms.size).toBe(0);
    expect((await mac.call('POST', '/vms', { name: 'vm', image: IMAGE })).status).toBe(201);
  });

  test('a body and headers of a fault replace the envelope', async () => {
    await using mac = await servedWorld();
    const body = { host: '127.0.0.1', port: 2222, status: 'unavailable' };
    mac.faults.add({ route: 'GET /vms/:id/ssh', status: 200, body, headers: { 'X-Odd': 'yes' } });
    const answer = await mac.call('GET', '/vms/00000000-0000-4000-8000-000000000000/ssh');
    expect([answer.status, answer.body, answer.headers.get('x-odd')]).toEqual([200, body, 'yes']);
  });

  test('a drop before loses the request, a drop after only the response', async () => {
    await using mac = await servedWorld();
    mac.faults.add({ route: 'POST /vms', drop: 'before', times: 1 });
    mac.faults.add({ route: 'POST /vms', drop: 'after', times: 1 });
    const create = () => mac.call('POST', '/vms', { name: 'vm', image: IMAGE });
    await expect(create()).rejects.toThrow();
    expect(mac.world.vms.size).toBe(0);
    await expect(create()).rejects.toThrow();
    expect(mac.world.vms.size).toBe(1);
  });

  test('a response can be sent slowly, byte by byte', async () => {
    await using mac = await servedWorld();
    mac.faults.add({ route: 'GET /health', dripMs: 1 });
    const began = performance.now();
    const answer = await fetch(`${mac.server.url}/health`);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ status: 'healthy' });
    expect(performance.now() - began).toBeGreaterThan(text.length);
  });

  test('a list can be endless: each page is full of the same entries', async () => {
    await using mac = await servedWorld();
    await mac.call('POST', '/vms', { name: 'vm', image: IMAGE });
    mac.faults.add({ route: 'GET /vms', endlessList: true });
    for (const offset of [0, 1000]) {
      const { body } = await mac.call('GET', `/vms?limit=1000&offset=${offset}`);
      const { vms } = body as { vms: { name: string }[] };
      expect([vms.length, ...new Set(vms.map(({ name }) => name))]).toEqual([1000, 'vm']);
    }
  });

  test('a hang lasts until the client disconnects', async () => {
    await using mac = await servedWorld();
    const fault = mac.faults.add({ route: 'GET /vms', hang: true });
    const controller = new AbortController();
    const hanging = fetch(`${mac.server.url}/vms`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: controller.signal,
    });
    const outcome = expect(hanging).rejects.toThrow();
    await soon(() => expect(fault.hits).toBe(1));
    controller.abort();
    await outcome;
  });
});

describe('the control routes', () => {
  const control = async (url: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url.replace('/v1', '/_sim')}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  };

  test('set faults at run time and return their hits, without a token', async () => {
    await using mac = await servedWorld();
    const { url } = mac.server;
    const fault = { route: 'GET /vms', status: 500, times: 1 };
    expect((await control(url, 'POST', '/faults', [fault])).status).toBe(204);
    expect((await mac.call('GET', '/vms')).status).toBe(500);
    expect((await control(url, 'GET', '/faults')).body).toEqual([{ ...fault, hits: 1 }]);
    expect((await control(url, 'POST', '/faults', [{ rout: 'x' }])).status).toBe(400);
    await control(url, 'DELETE', '/faults');
    expect((await control(url, 'GET', '/faults')).body).toEqual([]);
  });

  test('add and remove a foreign VM, which uses a slot', async () => {
    await using mac = await servedWorld({ slots: 1 });
    const { url } = mac.server;
    const { body } = await control(url, 'POST', '/vms', { name: 'stranger' });
    const { id } = (await mac.call('POST', '/vms', { name: 'ours', image: IMAGE })).body as { id: string };
    const refused = await mac.call('POST', `/vms/${id}/start`);
    expect(codeOf(refused.body)).toBe('VM_LIMIT_REACHED');
    expect((await control(url, 'GET', '/world')).body).toMatchObject({ vmsCreated: 1, slotsInUse: 1 });
    expect((await control(url, 'DELETE', `/vms/${body.id}`)).status).toBe(204);
    expect((await mac.call('POST', `/vms/${id}/start`)).status).toBe(200);
    expect((await control(url, 'POST', `/vms/${id}/guest`, { how: 'panic' })).status).toBe(204);
    expect((await mac.call('GET', `/vms/${id}/state`)).body).toEqual({ state: 'error' });
  });

  test('add a foreign VM in error whose runtime lives on, which uses a slot without a VM that runs', async () => {
    await using mac = await servedWorld({ slots: 1 });
    const { url } = mac.server;
    const stranger = { name: 'stranger', state: 'error', hasRuntime: true };
    const { body } = await control(url, 'POST', '/vms', stranger);
    expect((await mac.call('GET', `/vms/${body.id}/state`)).body).toEqual({ state: 'error' });
    const { id } = (await mac.call('POST', '/vms', { name: 'ours', image: IMAGE })).body as { id: string };
    expect(codeOf((await mac.call('POST', `/vms/${id}/start`)).body)).toBe('VM_LIMIT_REACHED');
    await control(url, 'DELETE', `/vms/${body.id}`);
    expect((await mac.call('POST', `/vms/${id}/start`)).status).toBe(200);
  });

  test('make the registry refuse images', async () => {
    await using mac = await servedWorld();
    const make = async () => (await mac.call('POST', '/vms', { name: 'vm', image: IMAGE })).status;
    expect((await control(mac.server.url, 'PUT', '/registry', { denied: [IMAGE] })).status).toBe(204);
    expect(await make()).toBe(500);
    await control(mac.server.url, 'PUT', '/registry', { denied: [] });
    expect(await make()).toBe(201);
  });

  test('restart the agent and switch maintenance on and off', async () => {
    await using mac = await servedWorld();
    const { url } = mac.server;
    await mac.call('POST', '/vms', { name: 'vm', image: IMAGE, ephemeral: true });
    await control(url, 'POST', '/maintenance', { on: true });
    expect((await mac.call('POST', '/vms', {})).status).toBe(503);
    expect((await control(url, 'POST', '/restart', { mode: 'graceful', downMs: 20 })).status).toBe(202);
    await soon(async () => {
      expect((await mac.call('GET', '/vms')).body).toMatchObject({ total: 0 });
    });
    expect(mac.world.maintenance).toBe(false);
  });
});
