import { z } from 'zod';
import { hostKeys, jeballtoKeys } from './sections/agent-keys.ts';
import { controllerKeys } from './sections/controller-keys.ts';
import { adminKeys, logKeys, storeKeys } from './sections/daemon-keys.ts';
import { githubKeys } from './sections/github-keys.ts';
import { notifyKeys } from './sections/notify-keys.ts';
import { profileKeys } from './sections/profile-keys.ts';
import { runnerKeys } from './sections/runner-keys.ts';
import { timeoutKeys } from './sections/timeout-keys.ts';

const notAList = ({ input }: { input?: unknown }) =>
  input === undefined ? undefined : 'must be a list of hosts, each with a name and a base_url.';

/** What the file holds, key by key: units converted, defaults filled in, no derived values yet. */
export const fileSchema = z.strictObject({
  github: z.strictObject(githubKeys),
  jeballto: z.strictObject(jeballtoKeys).optional(),
  hosts: z
    .array(z.strictObject(hostKeys), { error: notAList })
    .min(1, 'is an empty list: add a host, or leave hosts out and use jeballto.')
    .optional(),
  controller: z.strictObject(controllerKeys).prefault({}),
  runner: z.strictObject(runnerKeys).prefault({}),
  labels: z.record(z.string(), z.strictObject(profileKeys)),
  timeouts: z.strictObject(timeoutKeys).prefault({}),
  store: z.strictObject(storeKeys).prefault({}),
  admin: z.strictObject(adminKeys).prefault({}),
  notify: z.record(z.string(), z.strictObject(notifyKeys)).prefault({}),
  log: z.strictObject(logKeys).prefault({}),
});

export type ConfigFile = z.output<typeof fileSchema>;
