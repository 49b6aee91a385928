import { z } from 'zod';
import { checkCrossFieldRules } from './cross-field-rules.ts';
import { fullName } from './repository-name.ts';
import { DEFAULT_AGENT_URL, hostKeys, jeballtoKeys } from './sections/agent-keys.ts';
import { controllerKeys } from './sections/controller-keys.ts';
import { adminKeys, logKeys, storeKeys } from './sections/daemon-keys.ts';
import { githubKeys } from './sections/github-keys.ts';
import { profileKeys } from './sections/profile-keys.ts';
import { runnerKeys } from './sections/runner-keys.ts';
import { timeoutKeys } from './sections/timeout-keys.ts';

const notAList = ({ input }: { input?: unknown }) =>
  input === undefined ? undefined : 'takes a list of hosts, each with a name and a base_url.';

/** What the file holds, key by key: units converted, defaults filled in, nothing derived yet. */
const fileSchema = z.strictObject({
  github: z.strictObject(githubKeys),
  jeballto: z.strictObject(jeballtoKeys).optional(),
  hosts: z
    .array(z.strictObject(hostKeys), { error: notAList })
    .min(1, 'names no host: add one, or leave hosts out and use jeballto.')
    .optional(),
  controller: z.strictObject(controllerKeys).prefault({}),
  runner: z.strictObject(runnerKeys).prefault({}),
  labels: z.record(z.string(), z.strictObject(profileKeys)),
  timeouts: z.strictObject(timeoutKeys).prefault({}),
  store: z.strictObject(storeKeys).prefault({}),
  admin: z.strictObject(adminKeys).prefault({}),
  log: z.strictObject(logKeys).prefault({}),
});

export type ConfigFile = z.output<typeof fileSchema>;

/** A file of which some keys may be wrong: rules look at those that are right, so that every problem shows at once. */
const whateverIsRight = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};

/**
 * The whole configuration. Durations become milliseconds, sizes bytes, listen addresses `{host, port}`; repositories
 * full names without repetition; the single-host form `jeballto` the one host "local".
 */
export const configSchema = fileSchema
  .superRefine((file, ctx) => checkCrossFieldRules(file, ctx), whateverIsRight)
  .transform(({ github, jeballto, hosts, controller, runner, ...rest }) => {
    const named = [github.repository, ...github.repositories].filter((name) => name !== undefined);
    const repositories = withoutRepetition(named.map((name) => fullName(github.owner, name)));
    const agents = hosts ?? [{ name: 'local', ...(jeballto ?? { base_url: DEFAULT_AGENT_URL }) }];
    return {
      ...rest,
      github: { ...github, repositories },
      hosts: agents.map((host) => ({ max_concurrent_vms: controller.max_concurrent_vms, ...host })),
      controller,
      runner: { ...runner, scope: runner.scope ?? (repositories.length > 0 ? 'repository' : 'organization') },
    };
  });

export type Config = z.output<typeof configSchema>;
export type HostConfig = Config['hosts'][number];

/** GitHub's names have no case. */
function withoutRepetition(names: string[]): string[] {
  return names.filter(
    (name, at) => names.findIndex((one) => one.toLowerCase() === name.toLowerCase()) === at,
  );
}
