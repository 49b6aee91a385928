import { onTestFinished } from 'vitest';
import type { JobObservation } from '../../machines/job/observation.ts';
import { statePath } from '../../machines/state-path.ts';
import { matchProfile } from '../../src/config/profile.ts';
import { createCore } from '../../src/controller/create-core.ts';
import { jobEffects } from '../../src/effects/job-effects.ts';
import { jobPolicy } from '../../src/jobs/job-policy.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { Collector } from '../../src/upkeep/collector.ts';
import { waitUntil } from '../../src/wait-until.ts';
import { type EffectFixtureOptions, effectFixture, OWNER, REPOSITORY } from '../effects/effect-fixture.ts';
import { DAY } from '../store/records.ts';
import { memoryStore } from '../support/memory-store.ts';
import { soon } from '../support/soon.ts';

/** Actors, hosts, dispatcher and collector as the daemon has them, with real effects and a store in memory. */
export async function dispatchFixture(options: EffectFixtureOptions = {}) {
  const given = await effectFixture(options);
  const { clock, config, log } = given;
  const store = await memoryStore({ clock, log, retention: DAY });
  const world = given.newWorld((seen) => core.dispatcher.observe(seen));
  const policy = jobPolicy(config);
  const profileFor = (labels: string[]) => matchProfile(labels, config.labels, config.runner.labels);
  const core = createCore({
    store,
    journal: new JournalWriter(store.journal),
    clock,
    log,
    policy,
    effects: (tracer) => ({
      ...jobEffects(world, () => store.durable(), tracer),
      waitUntil: waitUntil(clock),
    }),
    hosts: config.hosts.map(({ name }) => ({ name, client: world.agent(name), maxVms: 2 })),
    hostPolicy: {
      checkInterval: config.controller.host_check_interval,
      lostAfter: config.timeouts.host_lost,
    },
    warm: new Map(Object.entries(config.labels).map(([label, { warm }]) => [label, warm])),
    profileFor,
  });
  const { actors, hosts, dispatcher } = core;
  // The one in which everything happens is not the first.
  const repositories = ['other', REPOSITORY].map((repository) => ({ owner: OWNER, repository }));
  ensureRepository(given.github.world, `${OWNER}/other`);
  const collector = new Collector({
    world,
    actors,
    hosts,
    store,
    scopes: repositories.map((repository) => ({ kind: 'repository' as const, ...repository })),
    repositories,
    clock,
    log,
    namePrefix: policy.namePrefix,
    profileFor,
    interval: config.controller.gc_interval,
  });
  onTestFinished(async () => {
    dispatcher.drain();
    collector.stop();
    core.stop();
    await store.close();
  });

  const lines = () => given.logged.map((line) => JSON.parse(line) as { level: string; msg: string });
  return {
    ...given,
    actors,
    collector,
    dispatcher,
    hosts,
    store,
    world,
    /** Starts the looks at the hosts, and waits until each was looked at once. */
    begin: async () => {
      hosts.start();
      await soon(() => {
        for (const { name, snapshot } of hosts.all())
          if (snapshot.context.look === null) throw new Error(`${name} was not looked at`);
      });
    },
    /** Observes a job with the state that GitHub has for it now. */
    see: async (jobId: number, change: Partial<JobObservation> = {}) => {
      const seen = await world.github.getJob(OWNER, REPOSITORY, jobId);
      if (seen) dispatcher.observe({ ...seen, ...change });
    },
    /** Each actor as `key host state`, with the first two parts of the state path. */
    states: () =>
      [...actors.all()].map(({ key, snapshot: { context, value } }) =>
        [key, context.vm?.host ?? '-', statePath(value).split('.').slice(0, 2).join('.')].join(' '),
      ),
    stateOf: (jobId: number) => {
      const holder = actors.holderOfJob(jobId);
      const found = [...actors.all()].find(({ key }) => key === holder?.key);
      return found ? statePath(found.snapshot.value) : null;
    },
    contextOf: (jobId: number) => {
      const holder = actors.holderOfJob(jobId);
      return [...actors.all()].find(({ key }) => key === holder?.key)?.snapshot.context ?? null;
    },
    warnings: () =>
      lines()
        .filter(({ level }) => level === 'warn')
        .map(({ msg }) => msg),
  };
}
