import { describe, expect, test } from 'vitest';
import { addForeignVm } from '../../../src/simulator/agent/control.ts';
import {
  type AgentExchange,
  agentOpenApiMissing,
  describedOperations,
  validateAgentExchange,
} from '../../support/agent-openapi.ts';
import { canRun } from '../../support/can-run.ts';
import { soon } from '../../support/soon.ts';
import { codeOf, IMAGE, servedWorld } from './agent-fixture.ts';

const isDescribed = canRun(agentOpenApiMissing(), { onlySomeHaveIt: !process.env.JEBALLTO_OPENAPI });

type Served = Awaited<ReturnType<typeof servedWorld>>;

/** Calls the simulated agent and records every difference from the description. */
function recorder(mac: Served) {
  const problems: string[] = [];
  const seen = new Set<string>();
  const call = async (method: string, path: string, requestBody?: unknown) => {
    const { status, body } = await mac.call(method, path, requestBody);
    const exchange: AgentExchange = { method, path, requestBody, status, responseBody: body };
    problems.push(...validateAgentExchange(exchange));
    seen.add(`${method} ${path.replace(/[0-9A-F-]{36}/g, ':id').replace(/\?.*/, '')} ${status}`);
    return body as Record<string, never>;
  };
  return { call, problems, seen };
}

describe.runIf(isDescribed)('against the agent’s OpenAPI description', () => {
  test('every request and response in the life of a VM is valid', async () => {
    await using mac = await servedWorld();
    const { call, problems, seen } = recorder(mac);
    await call('GET', '/health');
    await call('GET', '/auth/verify');
    await call('GET', '/system/capabilities');
    await call('GET', '/config');
    const { operationId } = await call('POST', '/images/pull', {
      reference: IMAGE,
      timeout: 60,
      async: true,
    });
    await soon(async () => {
      expect(await call('GET', `/images/pull/operations/${operationId}`)).toMatchObject({
        status: 'completed',
      });
    });
    await call('GET', '/images/pull/operations?activeOnly=false');
    const lifetime = { ephemeral: true, lifetimeSeconds: 3600 };
    const { id } = await call('POST', '/vms', { name: 'vm', image: IMAGE, ...lifetime });
    const resources = { cpuCount: 6, memorySize: '12GB', diskSize: '256GB' };
    await call('PATCH', `/vms/${id}`, { name: 'vm-2', resources });
    await call('GET', `/vms/${id}/ssh`);
    await call('POST', `/vms/${id}/clone`, { name: 'copy', resources: { cpuCount: 2 } });
    await call('POST', `/vms/${id}/start`);
    await call('GET', `/vms/${id}/state`);
    await soon(async () => {
      expect(await call('GET', `/vms/${id}/ssh`)).toMatchObject({ status: 'ready' });
    });
    await call('POST', `/vms/${id}/ssh`);
    await call('GET', `/vms/${id}`);
    await call('GET', '/vms?limit=10');
    await call('POST', `/vms/${id}/execute`, { command: 'true', password: 'admin' });
    await call('GET', `/vms/${id}/screenshot`);
    await call('DELETE', `/vms/${id}/ssh`);
    await call('GET', `/vms/${id}/events`);
    await call('POST', `/vms/${id}/stop`);
    await call('DELETE', `/vms/${id}?force=true`);
    const [image] = (await call('GET', '/images')).images as never as { id: string }[];
    await call('GET', `/images/${image?.id}`);
    await call('DELETE', `/images/${image?.id}`);
    await call('DELETE', '/images/pull/operations');
    expect(problems).toEqual([]);
    expect(seen.size).toBeGreaterThanOrEqual(26);
  });

  test('refusals are valid too', async () => {
    await using mac = await servedWorld({ slots: 1, registry: { unreachable: ['down.example'] } });
    const { call, problems, seen } = recorder(mac);
    addForeignVm(mac.world, { name: 'stranger' });
    const { id } = await call('POST', '/vms', { name: 'vm', image: IMAGE });
    const unknown = '00000000-0000-4000-8000-000000000000';
    await call('POST', `/vms/${id}/start`);
    await call('POST', `/vms/${id}/ssh`);
    await call('POST', `/vms/${id}/execute`, { command: 'true' });
    await call('GET', `/vms/${unknown}`);
    await call('DELETE', `/vms/${unknown}?force=true`);
    await call('PATCH', `/vms/${id}`, {});
    await call('POST', '/vms', { name: 'vm', image: 'down.example/x:1' });
    await call('GET', '/nowhere');
    await call('PUT', '/vms');
    mac.faults.add({ route: 'mac start *', status: 500 });
    mac.faults.add({ route: 'POST /vms', status: 404, code: 'IMAGE_NOT_FOUND' });
    await call('POST', '/vms', { name: 'vm', image: IMAGE });
    for (const vm of mac.world.vms.values()) if (vm.name === 'stranger') mac.world.vms.delete(vm.id);
    await call('POST', `/vms/${id}/start`);
    mac.world.maintenance = true;
    await call('DELETE', `/vms/${id}`);
    expect(problems).toEqual([]);
    expect([...seen].map((one) => Number(one.split(' ')[2]))).toEqual(
      expect.arrayContaining([400, 404, 405, 409, 500, 503]),
    );
  });

  test('screenshots, pauses and pushes of a simulated Mac are valid', async () => {
    await using mac = await servedWorld();
    const { call, problems } = recorder(mac);
    const { id } = await call('POST', '/vms', { name: 'vm', image: IMAGE });
    await call('POST', `/vms/${id}/start`);
    for (const method of ['POST', 'GET', 'DELETE']) {
      await call(method, `/vms/${id}/vnc`);
      await call(method, `/vms/${id}/gui`);
    }
    await call('POST', `/vms/${id}/gui`);
    const keystrokes = ['admin<enter>', '<wait2s>'];
    expect(await call('POST', `/vms/${id}/keystrokes`, { keystrokes })).toMatchObject({ keystrokesCount: 7 });
    await call('POST', `/vms/${id}/pause`);
    await call('POST', `/vms/${id}/resume`);
    await call('GET', `/vms/${id}/install/status`);
    await call('GET', `/vms/${id}/events`);
    const none = { operations: [], total: 0, activeOnly: true, type: 'push' };
    expect(await call('GET', '/images/push/operations')).toEqual(none);
    expect(await call('DELETE', '/images/push/operations')).toMatchObject({ cancelled: 0 });
    const login = { registry: 'ghcr.io', username: 'a', password: 'b' };
    expect(await call('POST', '/registries/login', login)).toMatchObject({ status: 'authenticated' });
    await call('POST', '/registries/logout', { registry: 'ghcr.io' });
    await call('GET', '/jeballtofiles');
    expect(problems).toEqual([]);
  });

  const NOBODY = '00000000-0000-4000-8000-000000000000';
  test.each<[string, string, unknown, number, string]>([
    ['POST', '/vms/BLANK/install', {}, 500, 'INSTALL_FAILED'],
    ['POST', '/vms/BLANK/install', { source: 'http://a/b.ipsw' }, 400, 'INVALID_REQUEST'],
    ['POST', '/vms/VM/install', undefined, 409, 'INVALID_STATE'],
    ['POST', '/vms/VM/gui', undefined, 409, 'INVALID_STATE'],
    ['POST', '/vms/VM/keystrokes', { keystrokes: ['a'] }, 409, 'INVALID_STATE'],
    ['POST', '/vms/VM/keystrokes', { keystrokes: [] }, 400, 'INVALID_REQUEST'],
    ['POST', '/vms/VM/vnc', undefined, 409, 'INVALID_STATE'],
    ['GET', '/vms/BLANK/vnc', undefined, 409, 'INVALID_STATE'],
    ['POST', `/vms/${NOBODY}/pause`, undefined, 404, 'NOT_FOUND'],
    ['POST', '/images/push', { reference: 'ghcr.io/a/b:1', source: 'vm:VM' }, 500, 'IMAGE_PUSH_FAILED'],
    ['POST', '/images/push', { reference: 'ghcr.io/a/b:1', source: 'vm:BLANK' }, 409, 'INVALID_STATE'],
    ['POST', '/images/push', { reference: 'ghcr.io/a/b:1', source: `vm:${NOBODY}` }, 404, 'NOT_FOUND'],
    [
      'POST',
      '/images/push',
      { reference: 'ghcr.io/a/b:1', source: `image:${NOBODY}` },
      404,
      'IMAGE_NOT_FOUND',
    ],
    ['POST', '/images/push', { reference: 'ghcr.io/a/b:1' }, 400, 'INVALID_REQUEST'],
    ['GET', `/images/push/operations/${NOBODY}`, undefined, 404, 'IMAGE_OPERATION_NOT_FOUND'],
    ['DELETE', `/images/push/operations/${NOBODY}`, undefined, 404, 'IMAGE_OPERATION_NOT_FOUND'],
    [
      'POST',
      '/registries/login',
      { registry: 'down.example', username: 'a', password: 'b' },
      503,
      'REGISTRY_UNAVAILABLE',
    ],
    ['POST', '/registries/logout', { registry: 'UPPER' }, 400, 'INVALID_REQUEST'],
    ['POST', '/jeballtofiles', { name: 'a', steps: [{ type: 'install' }] }, 500, 'CREATE_FAILED'],
    ['POST', '/jeballtofiles', { name: 'a', steps: [] }, 400, 'INVALID_REQUEST'],
    ['GET', `/jeballtofiles/${NOBODY}`, undefined, 404, 'NOT_FOUND'],
    ['DELETE', `/jeballtofiles/${NOBODY}`, undefined, 404, 'NOT_FOUND'],
    ['POST', `/jeballtofiles/${NOBODY}/cancel`, undefined, 404, 'NOT_FOUND'],
    ['PATCH', '/config', { logging: { level: 'debug' } }, 500, 'CONFIG_UPDATE_FAILED'],
    ['PATCH', '/config', { logging: { level: null } }, 400, 'INVALID_REQUEST'],
    ['DELETE', '/vms', undefined, 400, 'CONFIRMATION_REQUIRED'],
    ['DELETE', '/vms?confirm=true', undefined, 500, 'WIPE_FAILED'],
    ['DELETE', '/images', undefined, 400, 'CONFIRMATION_REQUIRED'],
    ['POST', '/system/reset', { mode: 'soft' }, 400, 'CONFIRMATION_REQUIRED'],
    ['POST', '/system/reset?confirm=true', { mode: 'other' }, 400, 'INVALID_REQUEST'],
  ])('%s %s with %j is refused with %i %s, as described', async (method, path, body, status, code) => {
    await using mac = await servedWorld({ registry: { unreachable: ['down.example'] } });
    const { call } = recorder(mac);
    const ids: Record<string, string> = {
      BLANK: (await call('POST', '/vms', { name: 'blank' })).id ?? '',
      VM: (await call('POST', '/vms', { name: 'vm', image: IMAGE })).id ?? '',
    };
    const withIds = (text: string) => text.replace(/\b(?:BLANK|VM)\b/g, (name) => ids[name] ?? name);
    const requestBody = body === undefined ? undefined : JSON.parse(withIds(JSON.stringify(body)));
    const answer = await mac.call(method, withIds(path), requestBody);
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code]);
    const exchange = { method, path: withIds(path), requestBody, status, responseBody: answer.body };
    expect(validateAgentExchange(exchange)).toEqual([]);
    expect(mac.world.vms.size).toBe(2);
  });

  test('every operation of the description is a route', async () => {
    await using mac = await servedWorld();
    const unknown: string[] = [];
    for (const operation of describedOperations()) {
      const [method = '', path = ''] = operation.split(' ');
      const { status, body } = await mac.call(method, path.replace(/\{\w+\}/g, NOBODY));
      const message = JSON.stringify(body);
      if (status === 405 || message.includes('Resource not found')) unknown.push(operation);
    }
    expect(unknown).toEqual([]);
  });

  test('a reset and a wipe of images report what they did not do, the hard reset without an error envelope', async () => {
    await using mac = await servedWorld();
    const { call, problems } = recorder(mac);
    await call('POST', '/vms', { name: 'vm', image: IMAGE });
    expect(await call('DELETE', '/images?confirm=true')).toMatchObject({ deleted: 0, failed: 1 });
    for (const mode of ['soft', 'hard']) {
      const result = { mode, vmsDeleted: 0, vmsFailed: 1, willTerminate: false };
      expect(await call('POST', '/system/reset?confirm=true', { mode })).toMatchObject(result);
    }
    expect([problems, mac.world.vms.size]).toEqual([[], 1]);
  });

  test.each<[string, AgentExchange, RegExp]>([
    [
      'a path that is not described',
      { method: 'GET', path: '/vm', status: 200, responseBody: {} },
      /unknown/,
    ],
    ['a status that is not described', { method: 'GET', path: '/health', status: 418 }, /not described/],
    [
      'a field that is missing',
      { method: 'GET', path: '/v1/health', status: 200, responseBody: { status: 'healthy' } },
      /must have required property/,
    ],
    [
      'a request that is out of bounds',
      {
        method: 'POST',
        path: '/vms',
        requestBody: { name: 'a', lifetimeSeconds: 0 },
        status: 429,
        responseBody: { error: { code: 'A', message: 'b' } },
      },
      /must be >= 1/,
    ],
    [
      'a body on 204',
      { method: 'DELETE', path: '/vms/00000000-0000-4000-8000-000000000000', status: 204, responseBody: {} },
      /a body where none/,
    ],
  ])('the validation finds %s', (_what, exchange, problem) => {
    expect(validateAgentExchange(exchange).join('\n')).toMatch(problem);
  });
});
