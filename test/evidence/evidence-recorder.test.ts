import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { demoJobs } from '../../src/cli/demo/demo-workflow.ts';
import { startSimulatedWorld } from '../../src/cli/simulation/simulated-world.ts';
import {
  SIMULATED_AGENT_TOKEN,
  SIMULATED_REPOSITORY,
  worldConfig,
} from '../../src/cli/simulation/world-config.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { startDaemon } from '../../src/controller/daemon.ts';
import { createLog } from '../../src/log.ts';
import { pushWorkflow } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';

const SECRETS = {
  webhook: 'simulated-webhook-secret',
  github: 'simulated-github-token',
  agent: SIMULATED_AGENT_TOKEN,
};

test('the evidence of a failed VM is kept before the VM is deleted, in one file without a secret', {
  timeout: 90_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'recorder-'));
  const world = await startSimulatedWorld({
    ...{ clock: systemClock, random: Math.random, host: '127.0.0.1', port: 0, macs: 1 },
    agentToken: SIMULATED_AGENT_TOKEN,
  });
  const path = join(folder, 'config.json');
  const config = worldConfig({
    ...{ world, agentToken: SIMULATED_AGENT_TOKEN, webhookSecret: SECRETS.webhook },
    ...{ webhookListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', store: { path: join(folder, 'store') } },
  });
  writeFileSync(path, JSON.stringify({ ...config, controller: { ...config.controller, max_attempts: 1 } }));
  const log = createLog({ level: 'silent', format: 'json', secrets: [] });
  const daemon = await startDaemon({
    ...{ config: loadConfig({ path, env: {} }).config, env: {}, clock: systemClock, log },
  });
  try {
    world.github.faults.add({
      route: 'POST *generate-jitconfig',
      status: 403,
      message: 'Resource not accessible by personal access token',
    });
    const repository = ensureRepository(world.github.world, SIMULATED_REPOSITORY);
    pushWorkflow(world.github.world, repository, { name: 'CI', jobs: demoJobs(1) });
    const get = async (route: string) => (await fetch(`${daemon.adminUrl}${route}`)).json() as Promise<never>;
    type Live = { jobs: { state: string; job: { id: number }; failure: { code: string } | null }[] };
    const jobId = await vi.waitFor(
      async () => {
        const { jobs } = (await get('/api/jobs')) as Live;
        const failed = jobs.find(({ state }) => state === 'queued');
        expect(failed).toMatchObject({ failure: { code: 'GITHUB_PERMISSION_MISSING' } });
        const { evidence } = (await get(`/api/jobs/${failed?.job.id}`)) as { evidence: object[] };
        expect(evidence).not.toEqual([]);
        expect(world.macs[0]?.world.vms.size).toBe(0);
        return failed?.job.id;
      },
      { timeout: 60_000, interval: 200 },
    );
    const file = (await get(`/api/jobs/${jobId}/evidence`)) as {
      kept: {
        screen: string;
        agentEvents: unknown[];
        missing: string[];
        hostLook: { slots?: number; look: object };
      }[];
      journal: { kind?: string; event: string; detail: { calls: { route: string; status: number }[] } }[];
    };
    expect(file.kept.length).toBeGreaterThan(0);
    const [kept] = file.kept;
    expect(
      Buffer.from(kept?.screen ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(kept?.agentEvents.length).toBeGreaterThan(0);
    expect(kept?.missing).toEqual([]);
    expect(kept?.hostLook.look).toBeTruthy();
    // The call that failed, with its response, and the end of the VM after that.
    const refused = file.journal.findLast(
      ({ kind, event }) => kind === 'effect' && event === 'obtainRunnerConfig',
    );
    expect(refused?.detail.calls).toContainEqual(
      expect.objectContaining({ route: expect.stringContaining('generate-jitconfig'), status: 403 }),
    );
    expect(world.macs[0]?.world.vms.size).toBe(0);
    const everything = JSON.stringify([
      file,
      await get('/api/state'),
      await get('/api/hosts'),
      await get('/api/sources'),
      await get(`/api/jobs/${jobId}/journal`),
    ]);
    for (const [name, secret] of Object.entries(SECRETS)) expect(everything, name).not.toContain(secret);
    expect(everything).not.toMatch(/"(password|token|secret|encodedJitConfig)":/i);
  } finally {
    await daemon.drain();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
