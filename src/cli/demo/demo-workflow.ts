import type { JobSpec, Run } from '../../simulator/github/jobs/job.ts';
import { currentJobs, pushWorkflow } from '../../simulator/github/jobs/runs.ts';
import type { Repository } from '../../simulator/github/repositories.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';

/** The profile whose image lacks a part of the runner. */
export const BETA_LABEL = 'jeballto-macos-beta';

type Plan = readonly [name: string, label: string, ...commands: string[]];

/** Typical jobs of workflows; their steps run as real shell commands in the guests. */
const PLANS: readonly Plan[] = [
  ['Lint', 'jeballto-macos', 'echo "no findings"', 'git --version'],
  ['Unit tests', 'jeballto-macos', 'uname -a', 'sleep 0.3', 'echo "212 tests passed"'],
  ['Build (Release, arm64)', 'jeballto-macos-large', 'echo "building"', 'sleep 0.8', 'date -u'],
  ['UI tests (iPhone 16)', 'jeballto-macos', 'sleep 0.6', 'echo "34 screens compared"'],
  ['Swift package', 'jeballto-macos', 'pwd', 'echo "resolved 11 dependencies"'],
  ['Archive and notarize', 'jeballto-macos-large', 'sleep 0.5', 'echo "stapled"'],
  ['Integration tests', 'jeballto-macos', 'sleep 0.4', 'ls -a', 'echo "ok"'],
  ['Documentation', 'jeballto-macos', 'echo "# docs" > docs.md', 'wc -l docs.md'],
];

/** Returns the jobs of one pushed workflow, all with different names; each of them succeeds. */
export function demoJobs(count: number): JobSpec[] {
  return Array.from({ length: count }, (_, index) => {
    const [name, label, ...commands] = PLANS[index % PLANS.length] as Plan;
    const shard = Math.floor(index / PLANS.length) + 1;
    return jobSpec(shard === 1 ? name : `${name}, shard ${shard}`, label, commands);
  });
}

/** `seconds` is added to the length of each job, so that a person has time to disturb it. */
export function pushJobs(
  { github }: SimulatedWorld,
  repository: Repository,
  count: number,
  seconds = 0,
): Run {
  const wait = { name: `Run sleep ${seconds}`, run: `sleep ${seconds}` };
  const jobs = demoJobs(count).map((job) => (seconds > 0 ? { ...job, steps: [...job.steps, wait] } : job));
  return pushWorkflow(github.world, repository, { name: 'CI', jobs });
}

/**
 * Besides jobs that succeed: one whose own test fails, one whose VM fails on every attempt since its image
 * lacks a part, and one that waits until a person approves it.
 */
export function pushStory(world: SimulatedWorld, repository: Repository, count: number): void {
  const { github, macs } = world;
  const push = (name: string, jobs: JobSpec[]) => pushWorkflow(github.world, repository, { name, jobs });
  const failing = jobSpec('Snapshot tests (iPad)', 'jeballto-macos', [
    'sleep 0.5',
    'echo "Login screen differs from its picture" >&2; exit 1',
  ]);
  const [first, ...others] = demoJobs(count);
  push('CI', first ? [first, failing, ...others] : [failing]);
  const beta = push('Nightly', [jobSpec('Tests on the next macOS', BETA_LABEL, ['sw_vers'])]);
  const [job] = currentJobs(beta);
  for (const { faults } of macs) {
    faults.add({ route: `guest boot gh-demo-${job?.id}-*`, body: { missingTools: ['config.sh'] } });
  }
  push('Release', [
    { ...jobSpec('Upload to TestFlight', 'jeballto-macos', ['echo "uploaded"']), needsApproval: true },
  ]);
}

function jobSpec(name: string, label: string, commands: readonly string[]): JobSpec {
  return {
    name,
    labels: ['self-hosted', label],
    group: null,
    steps: commands.map((run) => ({ name: `Run ${run}`, run })),
    needsApproval: false,
  };
}
