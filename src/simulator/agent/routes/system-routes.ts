import type { AgentWorld } from '../agent-world.ts';
import { ok } from '../http/reply.ts';
import type { Route } from '../http/router.ts';
import { VNC_PORTS } from '../network/vnc-forwarding.ts';
import { FEATURES } from '../options.ts';

/** Health needs no token; `uptime` counts from the launch, so that a drop shows a restart. */
export const systemRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/health',
    handle: ({ world }) =>
      ok({
        status: 'healthy',
        version: world.options.version,
        vmsTotal: world.vms.size,
        vmsRunning: [...world.vms.values()].filter((vm) => vm.state === 'running').length,
        uptime: Math.floor((world.clock.now() - world.life.startedAt) / 1000),
      }),
  },
  { method: 'GET', path: '/auth/verify', handle: () => ok({ status: 'ok' }) },
  { method: 'GET', path: '/system/capabilities', handle: ({ world }) => ok(capabilities(world)) },
  { method: 'GET', path: '/config', handle: ({ world }) => ok(configuration(world)) },
];

function capabilities({ options }: AgentWorld) {
  return {
    host: {
      architecture: 'arm64',
      macOSVersion: options.host.macOSVersion,
      virtualizationSupported: !options.unavailableFeatures.includes('macOSVirtualization'),
      maxConcurrentVMs: options.slots,
    },
    features: FEATURES.map((id) => {
      const missing = options.unavailableFeatures.includes(id);
      return {
        id,
        status: missing ? 'unavailable' : 'available',
        enabled: !missing,
        lifecycle: 'stable',
        minimumOS: '26.0',
        ...(missing ? { reason: 'Capability is disabled' } : {}),
      };
    }),
  };
}

function configuration({ options }: AgentWorld) {
  // Ports that the operating system chooses may be any above the privileged ones.
  const anywhere = { start: 1024, end: 65_535 };
  const [ssh, vnc] = options.sshPorts === 'any' ? [anywhere, anywhere] : [options.sshPorts, VNC_PORTS];
  return {
    api: { port: 8011, host: '0.0.0.0', maxConcurrentRequests: 100 },
    logging: {
      level: 'info',
      enableFileLogging: true,
      retentionDays: 7,
      maxTotalSize: '2GB',
      timezone: null,
    },
    networking: {
      sshPortRangeStart: ssh.start,
      sshPortRangeEnd: ssh.end,
      autoEnableSSHForwarding: options.autoEnableSshForwarding,
      vncPortRangeStart: vnc.start,
      vncPortRangeEnd: vnc.end,
    },
    images: {
      defaultRegistry: options.registry.defaultRegistry,
      insecureRegistries: [],
      maxParallelImageBlobTransfers: 16,
      maxParallelImageCompressions: 4,
      maxParallelImageDecompressions: 2,
      maxParallelImageDiskWrites: 1,
    },
  };
}
