import type { z } from 'zod';
import { checkCrossFieldRules } from './cross-field-rules.ts';
import { type ConfigFile, fileSchema } from './file-schema.ts';
import { DEFAULT_AGENT_URL } from './sections/agent-keys.ts';
import { fullName } from './sections/github-keys.ts';

const DEFAULT_STORE_PATH = './data';

/** The rules also check a file in which some keys are invalid, so that every problem is reported at once. */
const evenWithWrongKeys = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};

/**
 * The whole configuration. Durations become milliseconds, sizes bytes, listen addresses `{host, port}`;
 * repositories become full names without repetition, and the single-host form `jeballto` becomes one host
 * named "local".
 */
export const configSchema = fileSchema
  .superRefine((file, ctx) => checkCrossFieldRules(file, ctx), evenWithWrongKeys)
  .transform(({ github, jeballto, hosts, controller, runner, store, ...rest }) => {
    const named = [github.repository, ...github.repositories].filter((name) => name !== undefined);
    const repositories = withoutRepetition(named.map((name) => fullName(github.owner, name)));
    const agents = hosts ?? [{ name: 'local', ...(jeballto ?? { base_url: DEFAULT_AGENT_URL }) }];
    return {
      ...rest,
      github: { ...github, repositories },
      hosts: agents.map((host) => ({ max_concurrent_vms: controller.max_concurrent_vms, ...host })),
      controller,
      store: storeAt(store),
      runner: { ...runner, scope: runner.scope ?? (repositories.length > 0 ? 'repository' : 'organization') },
    };
  });

export type Config = z.output<typeof configSchema>;
export type HostConfig = Config['hosts'][number];

type StoreConfig = { retention: number; lease: number } & (
  | { path: string; url?: never }
  | { url: string; path?: never }
);

/** The store is in one place: a folder, or a database. */
function storeAt({ url, path, ...rest }: ConfigFile['store']): StoreConfig {
  return url === undefined ? { ...rest, path: path ?? DEFAULT_STORE_PATH } : { ...rest, url };
}

/** Case does not count in GitHub's names. */
function withoutRepetition(names: string[]): string[] {
  return names.filter(
    (name, at) => names.findIndex((one) => one.toLowerCase() === name.toLowerCase()) === at,
  );
}
