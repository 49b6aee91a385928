import { expect, test } from 'vitest';
import type { EvidenceFile } from '../../src/evidence/evidence-file.ts';
import { scenario } from './scenario.ts';

test('the evidence of a VM that vanished during its job has what the Mac still has, and names what is lost', {
  timeout: 90_000,
}, async () => {
  await using world = await scenario({ github: { timings: { lostAfter: 1_500 } } });
  await world.start();
  const [pushed] = world.push([{ steps: ['sleep 60'] }]);
  const { job, vm } = await world.reaches('running.busy');
  await world.mac.restart('graceful', 100);
  await world.isClean();

  const response = await fetch(`${world.adminUrl}/api/jobs/${job.id}/evidence`);
  const file = (await response.json()) as EvidenceFile;
  expect(file.kept).toHaveLength(1);
  const [kept] = file.kept;
  expect(kept).toMatchObject({ jobId: job.id, attempt: 1, vmName: vm?.name, host: vm?.host, screen: null });
  // Guest and screenshot are lost with the VM, and the file says so.
  expect(kept?.missing.join('\n')).toMatch(/screen: .+/);
  expect(kept?.missing.join('\n')).toMatch(/logs: .+/);
  expect(kept?.hostLook).toMatchObject({ look: expect.anything() });
  const decided = file.journal.find(
    ({ to, from }) => to.startsWith('tearingDown') && from.startsWith('running'),
  );
  expect(decided?.detail).toMatchObject({
    code: 'VM_VANISHED',
    blame: 'host',
    message: expect.stringContaining('while the job ran'),
  });
  expect(pushed?.state.conclusion).toBe('failure');
});
