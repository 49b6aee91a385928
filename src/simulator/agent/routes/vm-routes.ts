import { type AgentWorld, vmById } from '../agent-world.ts';
import { flagFrom, limitFrom, offsetFrom } from '../http/query.ts';
import { noContent, ok, type Reply } from '../http/reply.ts';
import { idOf, jsonBody, type Route, requireFeatures } from '../http/router.ts';
import { notFound } from '../refusal.ts';
import { checkCreate, cloneVm, createVm } from '../vms/creation.ts';
import { pauseVm, resumeVm } from '../vms/pause.ts';
import { startVm, stopVm } from '../vms/power.ts';
import { deleteVm } from '../vms/removal.ts';
import { checkUpdate, updateVm } from '../vms/update.ts';
import { persistedState, uptimeOf, type Vm, vmResponse } from '../vms/vm.ts';
import {
  checkBounds,
  cloneFields,
  createFields,
  givenResources,
  readFields,
  updateFields,
} from '../vms/vm-fields.ts';
import { listVms } from '../vms/vm-state.ts';

const shown = (world: AgentWorld, vm: Vm) => vmResponse(vm, world.clock.now());
const asPersisted = (world: AgentWorld, vm: Vm) => {
  const now = world.clock.now();
  return vmResponse(vm, now, persistedState(vm, now));
};
const answer = (world: AgentWorld, status: number, vm: Vm): Reply => ({ status, body: shown(world, vm) });

/** Every route checks the request's own fields first, then the host's capabilities, then the VM's gate. */
export const vmRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/vms',
    handle: ({ world, query }) => {
      const limit = limitFrom(query);
      const offset = offsetFrom(query);
      const vms = listVms(world);
      const page = vms.slice(offset, offset + limit).map((vm) => asPersisted(world, vm));
      return ok({ vms: page, total: vms.length, limit, offset });
    },
  },
  {
    method: 'POST',
    path: '/vms',
    handle: async (request) => {
      const { world, signal } = request;
      const fields = readFields(createFields, jsonBody(request));
      const wanted = {
        name: fields.name,
        image: fields.image ?? null,
        resources: givenResources(fields.resources),
        namesResources: fields.resources != null,
        ephemeral: fields.ephemeral ?? false,
        lifetimeSeconds: fields.lifetimeSeconds ?? null,
      };
      checkCreate(world, wanted);
      if (wanted.image !== null) requireFeatures(world, 'ociImagePackaging');
      return answer(world, 201, await createVm(world, wanted, signal));
    },
  },
  {
    method: 'GET',
    path: '/vms/:id',
    handle: (request) => ok(asPersisted(request.world, vmById(request.world, idOf(request)))),
  },
  {
    method: 'PATCH',
    path: '/vms/:id',
    handle: async (request) => {
      const fields = readFields(updateFields, jsonBody(request));
      const wanted = { name: fields.name ?? null, resources: givenResources(fields.resources) };
      checkUpdate(wanted);
      return answer(request.world, 200, await updateVm(request.world, idOf(request), wanted, request.life));
    },
  },
  {
    method: 'DELETE',
    path: '/vms/:id',
    handle: async (request) => {
      const force = flagFrom(request.query, 'force', false);
      await deleteVm(request.world, idOf(request), force, request.life);
      return noContent;
    },
  },
  {
    method: 'POST',
    path: '/vms/:id/start',
    handle: async (request) => {
      requireFeatures(request.world, 'macOSVirtualization', 'natNetworking');
      return answer(request.world, 200, await startVm(request.world, idOf(request), request.life));
    },
  },
  {
    method: 'POST',
    path: '/vms/:id/stop',
    handle: async (request) => {
      requireFeatures(request.world, 'macOSVirtualization');
      return answer(request.world, 200, await stopVm(request.world, idOf(request), request.life));
    },
  },
  {
    method: 'POST',
    path: '/vms/:id/pause',
    handle: async (request) => {
      requireFeatures(request.world, 'macOSVirtualization');
      return answer(request.world, 200, await pauseVm(request.world, idOf(request), request.life));
    },
  },
  {
    method: 'POST',
    path: '/vms/:id/resume',
    handle: async (request) => {
      requireFeatures(request.world, 'macOSVirtualization', 'natNetworking');
      return answer(request.world, 200, await resumeVm(request.world, idOf(request), request.life));
    },
  },
  {
    method: 'POST',
    path: '/vms/:id/clone',
    handle: async (request) => {
      const { world } = request;
      const fields = readFields(cloneFields, jsonBody(request));
      const wanted = {
        name: fields.name,
        resources: givenResources(fields.resources),
        ephemeral: fields.ephemeral ?? false,
        lifetimeSeconds: fields.lifetimeSeconds ?? null,
      };
      checkBounds(wanted.resources, 'INVALID_REQUEST');
      const force = flagFrom(request.query, 'force', false);
      return answer(world, 201, await cloneVm(world, idOf(request), wanted, force, request.life));
    },
  },
  {
    method: 'GET',
    path: '/vms/:id/state',
    handle: (request) => {
      const vm = vmById(request.world, idOf(request));
      const uptime = uptimeOf(vm, request.world.clock.now());
      return ok({ state: vm.state, ...(uptime === null ? {} : { uptime }) });
    },
  },
  {
    method: 'GET',
    path: '/vms/:id/events',
    handle: (request) => {
      const limit = limitFrom(request.query);
      const { world } = request;
      const events = world.events.of(idOf(request), limit);
      // The events of a deleted VM can be read as long as the ring keeps one of them.
      if (events.length === 0 && !world.vms.has(idOf(request))) throw notFound('VM');
      return ok({ events, total: events.length });
    },
  },
];
