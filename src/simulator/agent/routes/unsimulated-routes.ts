import { z } from 'zod';
import { vmById } from '../agent-world.ts';
import { flagFrom } from '../http/query.ts';
import { ok, type Reply } from '../http/reply.ts';
import { idOf, jsonBody, type Route, type RouteRequest, requireFeatures } from '../http/router.ts';
import { parseImageReference } from '../images/image-reference.ts';
import { invalidState, notFound, Refusal } from '../refusal.ts';
import { reserveSlot } from '../vms/power.ts';
import { nameField, readFields } from '../vms/vm-fields.ts';

const UUID = '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}';

const installFields = z.object({
  source: z
    .string()
    .refine((source) => /^(?:https:\/\/[^/]|file:\/\/\/|\/)/i.test(source), 'not an IPSW source')
    .nullish(),
});

const pushFields = z.object({
  reference: z
    .string()
    .refine((text) => parseImageReference(text, 'default.invalid') !== 'syntax', 'Invalid image reference'),
  source: z.string().regex(new RegExp(`^(?:vm|image):${UUID}$`), "use 'vm:<uuid>' or 'image:<uuid>'"),
  timeout: z.int().min(1).max(604_800).nullish(),
  async: z.boolean().nullish(),
});

const registryField = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?$/);
const loginFields = z.object({
  registry: registryField,
  username: z.string().min(1).max(1024),
  password: z.string().min(1).max(16_384),
});

const blueprintFields = z.object({
  name: nameField,
  steps: z
    .array(z.object({ type: z.string() }))
    .min(1)
    .max(1000),
});

const given = (value: unknown) => value !== null && value !== undefined;
/** Fields that null clears; in every other field null changes nothing. */
const CLEARED_BY_NULL = ['timezone', 'defaultRegistry'];
const section = z.record(z.string(), z.unknown()).nullish();
const configFields = z
  .object({ logging: section, networking: section, images: section })
  .refine(
    (sections) =>
      Object.values(sections).some((fields) =>
        Object.entries(fields ?? {}).some(([key, value]) => given(value) || CLEARED_BY_NULL.includes(key)),
      ),
    'At least one supported config field must have a non-null value',
  );

const resetFields = z.object({ mode: z.enum(['soft', 'hard']) });

/**
 * The agent's routes whose work the simulated Mac does not do. They make the agent's checks, and then fail
 * with the agent's own error: for a client, this looks like a Mac on which the work fails.
 */
export const unsimulatedRoutes: readonly Route[] = [
  { method: 'POST', path: '/vms/:id/install', handle: install },
  {
    method: 'GET',
    path: '/vms/:id/install/status',
    handle: ({ world, ids: [id = ''] }) =>
      ok({ vmId: vmById(world, id).id, status: 'not_started', message: 'Installation has not started' }),
  },
  { method: 'DELETE', path: '/vms', handle: wipeVms },
  { method: 'DELETE', path: '/images', handle: wipeImages },
  { method: 'POST', path: '/images/push', handle: push },
  { method: 'POST', path: '/registries/login', handle: logIn },
  {
    method: 'POST',
    path: '/registries/logout',
    handle: (request) => {
      const { registry } = readFields(z.object({ registry: registryField }), jsonBody(request));
      return ok({ success: true, message: `Logged out from ${registry}` });
    },
  },
  {
    method: 'POST',
    path: '/jeballtofiles',
    handle: (request) => {
      readFields(blueprintFields, jsonBody(request));
      requireFeatures(request.world, 'jeballtofileExecution');
      throw new Refusal(500, 'CREATE_FAILED', 'VM creation failed: nothing can be installed on this Mac');
    },
  },
  { method: 'GET', path: '/jeballtofiles', handle: () => ok({ executions: [], total: 0 }) },
  { method: 'GET', path: '/jeballtofiles/:id', handle: noExecution },
  { method: 'DELETE', path: '/jeballtofiles/:id', handle: noExecution },
  { method: 'POST', path: '/jeballtofiles/:id/cancel', handle: noExecution },
  {
    method: 'PATCH',
    path: '/config',
    handle: (request) => {
      readFields(configFields, jsonBody(request));
      throw new Refusal(
        500,
        'CONFIG_UPDATE_FAILED',
        'The config file of a simulated agent cannot be written',
      );
    },
  },
  { method: 'POST', path: '/system/reset', handle: reset },
];

function install(request: RouteRequest): Promise<Reply> {
  const { world } = request;
  if (request.body.length > 0) readFields(installFields, jsonBody(request));
  requireFeatures(world, 'macOSInstallation', 'natNetworking');
  return world.gate.holding(idOf(request), 'install', async () => {
    const { state } = vmById(world, idOf(request));
    if (state !== 'created') {
      throw invalidState(`VM must be in CREATED state for installation (current: ${state})`);
    }
    reserveSlot(world, 'install');
    throw new Refusal(500, 'INSTALL_FAILED', 'Install failed: no restore image could be had');
  });
}

async function push(request: RouteRequest): Promise<Reply> {
  const { world } = request;
  const { source } = readFields(pushFields, jsonBody(request));
  requireFeatures(world, 'ociImagePackaging');
  const [kind, id = ''] = source.toUpperCase().split(':');
  if (kind === 'IMAGE') world.images.byId(id);
  else {
    await world.gate.holding(id, 'image export', async () => {
      const vm = world.vms.get(id);
      if (!vm) throw notFound('Source VM');
      if (vm.state !== 'stopped') throw invalidState(`VM must be stopped before image export: ${vm.state}`);
    });
  }
  throw new Refusal(500, 'IMAGE_PUSH_FAILED', 'Image push failed: the registry takes no images');
}

function logIn(request: RouteRequest): Reply {
  const { registry } = readFields(loginFields, jsonBody(request));
  if (request.world.options.registry.unreachable.includes(registry)) {
    throw new Refusal(503, 'REGISTRY_UNAVAILABLE', `Registry ${registry} is unavailable`);
  }
  return ok({ registry, status: 'authenticated' });
}

function noExecution(): never {
  throw notFound('Jeballtofile execution');
}

const NOT_WIPED = 'A simulated agent wipes nothing';

function wipeVms(request: RouteRequest): never {
  requireConfirmation(request, 'deletion of all VMs');
  requireNoMaintenance(request);
  throw new Refusal(500, 'WIPE_FAILED', NOT_WIPED);
}

function wipeImages(request: RouteRequest): Reply {
  requireConfirmation(request, 'deletion of all images');
  requireNoMaintenance(request);
  const errors = request.world.images.list().map(({ reference }) => `${reference}: ${NOT_WIPED}`);
  return ok({ deleted: 0, failed: errors.length, ...(errors.length > 0 ? { errors } : {}) });
}

function reset(request: RouteRequest): Reply {
  requireConfirmation(request, 'system reset');
  const { mode } = readFields(resetFields, jsonBody(request));
  requireNoMaintenance(request);
  const body = {
    mode,
    vmsDeleted: 0,
    vmsFailed: request.world.vms.size,
    imagesDeleted: 0,
    imagesFailed: request.world.images.local.size,
    ipswCacheCleared: false,
    configDeleted: false,
    logsDeleted: false,
    willTerminate: false,
    errors: [NOT_WIPED],
  };
  // The agent's one failure that has no error envelope.
  return { status: mode === 'hard' ? 500 : 200, body };
}

function requireConfirmation({ query }: RouteRequest, what: string): void {
  if (flagFrom(query, 'confirm', false)) return;
  throw new Refusal(400, 'CONFIRMATION_REQUIRED', `Add ?confirm=true to confirm ${what}`);
}

/** These routes are accepted while another wipe or reset runs; every other change is refused. */
function requireNoMaintenance({ world }: RouteRequest): void {
  if (!world.maintenance) return;
  const message = 'Another destructive maintenance operation is already running';
  throw new Refusal(409, 'MAINTENANCE_IN_PROGRESS', message);
}
