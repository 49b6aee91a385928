import type { Job } from '../../src/simulator/github/jobs/job.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** The label of ours that a job asks for; undefined for the job of another party. */
export const labelOf = ({ spec }: Job) =>
  spec.labels.find((label) => label === 'mac' || label === 'mac-large');

/** Jobs with the same key can use the same VMs: a runner of a repository works for that repository only. */
export function keyOf({ scenario }: SimulatedWorld, job: Job, label: string): string {
  return scenario.scope === 'organization' ? label : `${label} of ${job.run.repository.id}`;
}

/** The profile with which a VM was made that is named for no job. */
export const labelBySize = (cpuCount: number) => (cpuCount === 8 ? 'mac-large' : 'mac');
