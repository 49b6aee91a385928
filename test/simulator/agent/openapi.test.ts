import { describe, expect, test } from 'vitest';
import { addForeignVm } from '../../../src/simulator/agent/control.ts';
import {
  type AgentExchange,
  agentOpenApiMissing,
  validateAgentExchange,
} from '../../support/agent-openapi.ts';
import { canRun } from '../../support/can-run.ts';
import { soon } from '../../support/soon.ts';
import { IMAGE, servedWorld } from './agent-fixture.ts';

const isDescribed = canRun(agentOpenApiMissing());

type Served = Awaited<ReturnType<typeof servedWorld>>;

/** Calls the simulated agent and notes every departure from the description. */
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
  test('a VM’s whole life is valid, request and response', async () => {
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
  ])('%s is found', (_what, exchange, problem) => {
    expect(validateAgentExchange(exchange).join('\n')).toMatch(problem);
  });
});
