import { z } from 'zod';
import { vmById } from '../agent-world.ts';
import { ok } from '../http/reply.ts';
import { idOf, jsonBody, type Route, requireFeatures } from '../http/router.ts';
import { disableSsh, enableSsh, sshInfo } from '../network/ssh-forwarding.ts';
import { invalidState } from '../refusal.ts';
import { executeInGuest } from '../vms/execute.ts';
import { readFields } from '../vms/vm-fields.ts';

/** One black pixel: enough to be a PNG. */
const SCREENSHOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

const executeFields = z.object({
  command: z.string().refine((text) => text !== '' && Buffer.byteLength(text) <= 65_536, '1 to 65536 bytes'),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/)
    .nullish(),
  password: z
    .string()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the agent refuses exactly these in a password
    .refine((text) => Buffer.byteLength(text) <= 16_384 && !/[\u0000\r\n]/.test(text), 'not a password')
    .nullish(),
  timeout: z.int().min(1).max(600).nullish(),
});

export const guestRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/vms/:id/ssh',
    handle: (request) => ok(sshInfo(request.world, idOf(request))),
  },
  {
    method: 'POST',
    path: '/vms/:id/ssh',
    handle: async (request) => {
      requireFeatures(request.world, 'portForwarding');
      return ok(await enableSsh(request.world, idOf(request), request.life));
    },
  },
  {
    method: 'DELETE',
    path: '/vms/:id/ssh',
    handle: async (request) => ok(await disableSsh(request.world, idOf(request))),
  },
  {
    method: 'POST',
    path: '/vms/:id/execute',
    handle: async (request) => {
      const fields = readFields(executeFields, jsonBody(request));
      requireFeatures(request.world, 'commandExecution', 'portForwarding');
      const wanted = {
        command: fields.command,
        user: fields.user ?? 'admin',
        password: fields.password ?? null,
        timeoutSeconds: fields.timeout ?? 30,
      };
      return ok(await executeInGuest(request.world, idOf(request), wanted, request.signal));
    },
  },
  {
    method: 'GET',
    path: '/vms/:id/screenshot',
    handle: (request) => {
      requireFeatures(request.world, 'screenshotCapture');
      const vm = vmById(request.world, idOf(request));
      if (vm.state !== 'running') throw invalidState('VM must be running to capture screenshot');
      return { status: 200, bytes: { type: 'image/png', data: SCREENSHOT } };
    },
  },
];
