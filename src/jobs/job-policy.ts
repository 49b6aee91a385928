import { DEFAULT_POLICY, type JobPolicy } from '../../machines/job/policy.ts';
import type { Config } from '../config/schema.ts';

/** The settings of the config that the job machine uses; durations in milliseconds. */
export function jobPolicy({ controller, runner, labels, timeouts }: Config): JobPolicy {
  const held = Object.entries(labels).flatMap(([label, { hold_failed: lasts }]) =>
    lasts === undefined ? [] : [[label, lasts] as const],
  );
  return {
    ...DEFAULT_POLICY,
    namePrefix: namePrefix(controller),
    maxAttempts: controller.max_attempts,
    runnerScope: runner.scope,
    holdFailed: Object.fromEntries(held),
    timeouts: {
      ...DEFAULT_POLICY.timeouts,
      creating: timeouts.creating,
      starting: timeouts.starting,
      sshReady: timeouts.ssh_ready,
      probing: timeouts.probing,
      warm: controller.warm_vm_max_age,
      jitConfig: timeouts.jit_config,
      runnerOnline: timeouts.runner_online,
      idle: controller.vm_idle_timeout,
      finishing: timeouts.completion_grace,
      retireWindow: timeouts.retire_window,
      settle: timeouts.create_settle,
    },
  };
}

export function namePrefix({ vm_name_prefix: prefix, id }: Config['controller']): string {
  return `${prefix}-${id}`;
}
