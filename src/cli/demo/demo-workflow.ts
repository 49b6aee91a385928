import type { JobSpec } from '../../simulator/github/jobs/job.ts';

type Plan = readonly [name: string, label: string, ...commands: string[]];

/** Jobs as people have them in workflows; their steps run as real shell commands in the guests. */
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

/** The jobs of one pushed workflow, all with different names. */
export function demoJobs(count: number): JobSpec[] {
  return Array.from({ length: count }, (_, index) => {
    const [name, label, ...commands] = PLANS[index % PLANS.length] as Plan;
    const shard = Math.floor(index / PLANS.length) + 1;
    return {
      name: shard === 1 ? name : `${name}, shard ${shard}`,
      labels: ['self-hosted', label],
      group: null,
      steps: commands.map((run) => ({ name: `Run ${run}`, run })),
      needsApproval: false,
    };
  });
}
