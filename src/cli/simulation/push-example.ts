import { SIMULATED_REPOSITORY } from './world-config.ts';

/** The command that pushes a workflow at a simulated GitHub. */
export function pushExample(gitHubUrl: string): string {
  const workflow = {
    repository: SIMULATED_REPOSITORY,
    jobs: [{ name: 'Unit tests', labels: ['jeballto-macos'], steps: ['uname -a'] }],
  };
  return `curl ${gitHubUrl}/_sim/workflows -d '${JSON.stringify(workflow)}'`;
}
