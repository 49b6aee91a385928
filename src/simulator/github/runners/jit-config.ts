import type { GitHubBase } from '../github-base.ts';
import { groupName, type Runner } from './runners.ts';

/**
 * Bytes of each part of a 2048-bit RSA key, as .NET names them; the runner's secret is in its private
 * exponent.
 */
const KEY_PARTS = { dp: 128, dq: 128, exponent: 3, inverseQ: 128, modulus: 256, p: 128, q: 128 } as const;

/**
 * Returns the response of `generate-jitconfig`: base64 of a JSON object that maps the names of files in the runner's
 * folder to their base64 contents. Runner source: Runner.cs writes every file that it finds in there.
 */
export function jitConfig(world: GitHubBase, runner: Runner): string {
  const files = runnerFiles(world, runner);
  const encoded = Object.entries(files).map(([name, content]) => [name, base64(JSON.stringify(content))]);
  return base64(JSON.stringify(Object.fromEntries(encoded)));
}

/** Returns the files that make a folder a configured runner. */
export function runnerFiles(world: GitHubBase, runner: Runner): Record<string, object> {
  const service = `${world.origin}/_runner/`;
  return {
    '.runner': {
      AgentId: String(runner.id),
      AgentName: runner.name,
      PoolId: String(runner.groupId),
      PoolName: groupName(runner),
      DisableUpdate: 'False',
      Ephemeral: runner.ephemeral ? 'True' : 'False',
      ServerUrl: service,
      GitHubUrl: '',
      WorkFolder: runner.workFolder,
      UseV2Flow: 'True',
      ServerUrlV2: service,
    },
    '.credentials': {
      Scheme: 'OAuth',
      Data: {
        clientId: runner.clientId,
        authorizationUrl: `${service}oauth2/token`,
        requireFipsCryptography: 'True',
      },
    },
    '.credentials_rsaparams': {
      d: base64(runner.secret),
      ...Object.fromEntries(
        Object.entries(KEY_PARTS).map(([part, length]) => [part, world.ids.bytes(length).toString('base64')]),
      ),
    },
  };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
