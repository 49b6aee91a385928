import { z } from 'zod';
import { type AgentWorld, vmById } from '../agent-world.ts';
import { ok, type Reply } from '../http/reply.ts';
import { idOf, jsonBody, type Route, requireFeatures } from '../http/router.ts';
import { disableSsh, enableSsh, sshInfo } from '../network/ssh-forwarding.ts';
import { disableVnc, enableVnc, vncInfo } from '../network/vnc-forwarding.ts';
import { invalidState } from '../refusal.ts';
import { executeInGuest } from '../vms/execute.ts';
import type { Vm } from '../vms/vm.ts';
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

const keystrokesFields = z.object({
  keystrokes: z
    .array(z.string())
    .min(1)
    .max(1000)
    .refine((sequences) => sequences.join('').length <= 10_000, 'at most 10000 characters'),
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
    method: 'GET',
    path: '/vms/:id/vnc',
    handle: (request) => ok(vncInfo(request.world, idOf(request))),
  },
  {
    method: 'POST',
    path: '/vms/:id/vnc',
    handle: async (request) => {
      requireFeatures(request.world, 'portForwarding');
      return ok(await enableVnc(request.world, idOf(request), request.life));
    },
  },
  {
    method: 'DELETE',
    path: '/vms/:id/vnc',
    handle: async (request) => ok(await disableVnc(request.world, idOf(request))),
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
  {
    method: 'GET',
    path: '/vms/:id/gui',
    handle: (request) => guiStatus(vmById(request.world, idOf(request))),
  },
  {
    method: 'POST',
    path: '/vms/:id/gui',
    handle: (request) => {
      requireFeatures(request.world, 'guiDisplay');
      const vm = vmById(request.world, idOf(request));
      if (vm.state !== 'running') throw invalidState('VM must be running to open GUI');
      return showGui(request.world, vm, true);
    },
  },
  {
    method: 'DELETE',
    path: '/vms/:id/gui',
    handle: (request) => showGui(request.world, vmById(request.world, idOf(request)), false),
  },
  {
    method: 'POST',
    path: '/vms/:id/keystrokes',
    handle: (request) => {
      const { keystrokes } = readFields(keystrokesFields, jsonBody(request));
      requireFeatures(request.world, 'keystrokeInjection');
      const vm = vmById(request.world, idOf(request));
      if (vm.state !== 'running') throw invalidState('VM must be running or installing for keystrokes');
      // A key with a name is one action, and so is every other character.
      const keystrokesCount = keystrokes.flatMap((keys) => keys.match(/<[^<>]+>|./gsu) ?? []).length;
      const message = `Injected ${keystrokesCount} keystroke actions`;
      return ok({ vmId: vm.id, keystrokesCount, message });
    },
  },
];

function showGui(world: AgentWorld, vm: Vm, isOpen: boolean): Reply {
  if (vm.power && vm.power.isGuiOpen !== isOpen) {
    vm.power.isGuiOpen = isOpen;
    world.events.publish(isOpen ? 'GUI_OPENED' : 'GUI_CLOSED', vm.id);
  }
  return guiStatus(vm);
}

function guiStatus(vm: Vm): Reply {
  return ok({ vmId: vm.id, guiOpen: vm.power?.isGuiOpen ?? false });
}
