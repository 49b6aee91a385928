import type { Lives } from './lives.ts';
import type { Incident } from './scenario.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** An operator's order about the VM of one of the live jobs; nothing has to end it. */
export function orderVm(
  world: SimulatedWorld,
  lives: Lives,
  { what, which, lasts }: Extract<Incident, { what: 'hold' | 'release' }>,
): () => void {
  const jobs = world.committed.jobs().map(({ context: { job, hold } }) => hold?.jobId ?? job.id);
  const jobId = jobs[which % Math.max(1, jobs.length)] ?? 0;
  const length = what === 'hold' ? `?for=${lasts}ms` : '';
  if (jobId > 0) void lives.order(`/api/jobs/${jobId}/${what}${length}`);
  return () => undefined;
}
