import { Chance } from './chance.ts';
import type { Incident, PlannedJob, Push } from './scenario.ts';
import { IMAGE, PRIVATE_IMAGE } from './simulated-world.ts';
import type { Trouble, TroubleKind } from './trouble.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How the troubles of a scenario change it. */
export interface TroublePlan {
  troubles: Trouble[];
  pushes: Push[];
  /** `owner/name` of the repositories that the daemon serves. */
  repositories: string[];
  scope: 'repository' | 'organization';
  images: { mac: string; 'mac-large': string };
  /** Chance in [0, 1) that a runner never takes its job. */
  ignoresJobs: number;
  incidents: Incident[];
  /** Whether jobs' VMs have to be cloned from base VMs, which the daemon needs to tell two images of a tag apart. */
  needsBases: boolean;
  /** For how long VMs of failed jobs are held, in milliseconds. */
  holdFailed: number | null;
}

/** The repository of every scenario, a second one that some have, and one that the daemon does not serve. */
export const APP = 'acme/app';
export const TOOL = 'acme/tool';
export const UNLISTED = 'acme/unlisted';

/** How long a trouble lasts that ends soon, and one that a person has to notice first. */
const SHORTEST = 4 * MINUTE;
const SHORT = [SHORTEST, 20 * MINUTE];
/** Milliseconds within which each of several maintenances begins. */
const MAINTAINED = 15 * MINUTE;
/** Milliseconds for which VMs are held; most are longer than a job may wait for a slot. */
const HELD = [SECOND, MINUTE, 20 * MINUTE, 45 * MINUTE, 90 * MINUTE];
const LONG = [20 * MINUTE, 75 * MINUTE, 150 * MINUTE];

type Draw = (chance: Chance, macs: readonly string[], when: { at: number }) => Partial<TroublePlan>;

const one = (trouble: Trouble): Partial<TroublePlan> => ({ troubles: [trouble] });

/** Some forms of a trouble need a second repository. */
const of = (trouble: Trouble & { repository: string }): Partial<TroublePlan> =>
  trouble.repository === TOOL ? { troubles: [trouble], repositories: [TOOL] } : one(trouble);

const DRAWS: Record<TroubleKind, Draw> = {
  repositoryRenamed: (c, _macs, when) =>
    of({ ...when, lasts: 0, what: 'repositoryRenamed', repository: c.pick([APP, TOOL]), name: 'renamed' }),
  registrationForbidden: (c, _macs, when) =>
    of({
      ...when,
      lasts: c.pick([...SHORT, ...LONG]),
      what: 'registrationForbidden',
      repository: c.pick([APP, TOOL]),
      how: c.pick(['disabled', 'archived']),
    }),
  repositoryDeleted: (_c, _macs, when) =>
    of({ ...when, lasts: 0, what: 'repositoryDeleted', repository: TOOL }),
  rightsTaken: (c, _macs, when) => one({ ...when, lasts: c.pick([...SHORT, ...LONG]), what: 'rightsTaken' }),
  jitForbidden: (c, _macs, when) => one({ ...when, lasts: c.pick(SHORT), what: 'jitForbidden' }),
  imageDenied: (c, _macs, { at }) => ({
    images: { mac: IMAGE, 'mac-large': PRIVATE_IMAGE },
    troubles: [
      {
        at: c.is(0.7) ? 0 : at,
        lasts: c.pick(LONG),
        what: 'imageDenied',
        image: PRIVATE_IMAGE,
        label: 'mac-large',
      },
    ],
    pushes: [pushOf(c, { at: c.between(0, 2 * MINUTE) }, APP, 'mac-large', c.between(1, 3))],
  }),
  slotHeldUnseen: (c, macs, { at }) =>
    one({ at: c.is(0.5) ? 0 : at, lasts: c.pick(LONG), what: 'slotHeldUnseen', mac: c.pick(macs) }),
  deletesFail: (c, macs, when) =>
    one({
      ...when,
      lasts: c.pick(LONG),
      what: 'deletesFail',
      mac: c.pick(macs),
      how: c.pick(['refused', 'undeletable']),
    }),
  macDead: (c, macs, when) =>
    macs.length < 2 ? {} : one({ ...when, lasts: c.pick(LONG), what: 'macDead', mac: c.pick(macs) }),
  nothingAssigned: (c, _macs, when) =>
    one({ ...when, lasts: c.pick([...SHORT, 60 * MINUTE]), what: 'nothingAssigned' }),
  jobWithheld: (c, _macs, when) =>
    one({ ...when, lasts: c.pick([...SHORT, 60 * MINUTE]), what: 'jobWithheld' }),
  unlistedRepository: (c) => ({
    scope: 'organization',
    pushes: Array.from({ length: c.between(1, 2) }, () => {
      const push = pushOf(c, { at: c.between(0, 5 * MINUTE) }, UNLISTED, c.pick(['mac', 'mac-large']), 1);
      return { ...push, jobs: push.jobs.map((job) => ({ ...job, lasts: c.pick(LONG) })) };
    }),
  }),
  configReloaded: (c, macs, { at }) => ({
    troubles: c.pick([1, 1, 2, 3]) > 1 ? reloads(c, macs, at) : reloads(c, macs, at).slice(0, 1),
  }),
  imageMoves: (c, _macs, { at }) => ({
    needsBases: true,
    troubles: [
      {
        // The daemon has seen an image that works.
        at: 4 * MINUTE + at,
        lasts: c.pick([20 * MINUTE, 75 * MINUTE]),
        what: 'imageMoves',
        digest: `sha256:${'b'.repeat(64)}`,
        how: c.pick(['refusesLogin', 'neverBoots', 'lacksRunner', 'works', 'works']),
      },
    ],
    pushes: Array.from({ length: c.between(2, 4) }, () =>
      pushOf(c, { at: 4 * MINUTE + at + c.between(0, 20 * MINUTE) }, APP, 'mac', c.between(1, 4)),
    ),
  }),
  ghostRunners: (c) => ({ ignoresJobs: 0.2 + c.next() * 0.4 }),
  vmsHeld: (c) => ({
    holdFailed: c.is(0.7) ? c.pick(HELD) : null,
    incidents: Array.from({ length: c.between(1, 6) }, () => ({
      at: c.between(0, MAINTAINED),
      lasts: c.pick(HELD),
      what: c.pick(['hold', 'hold', 'release']),
      which: c.between(0, 9),
    })),
    pushes: Array.from({ length: c.between(1, 3) }, () => {
      const push = pushOf(
        c,
        { at: c.between(0, 30 * MINUTE) },
        APP,
        c.pick(['mac', 'mac-large']),
        c.between(1, 3),
      );
      return { ...push, jobs: push.jobs.map((job) => ({ ...job, conclusion: 'failure' as const })) };
    }),
  }),
  macsMaintained: (c, macs) => ({
    incidents: Array.from({ length: c.between(1, 6) }, () => ({
      at: c.between(0, MAINTAINED),
      lasts: c.pick([SECOND, 20 * SECOND, 90 * SECOND, SHORTEST, 10 * MINUTE]),
      what: c.pick([
        'maintenance',
        'maintenance',
        'drain',
        'drain',
        'cordon',
        'uncordon',
        'agentQuits',
        'agentCrashes',
      ]),
      mac: c.pick(macs),
    })),
    pushes: Array.from({ length: c.between(1, 2) }, () =>
      pushOf(c, { at: c.between(0, MAINTAINED) }, APP, c.pick(['mac', 'mac-large']), c.between(1, 3)),
    ),
  }),
};

/** Reloads that may overlap, in any order. */
function reloads(c: Chance, macs: readonly string[], at: number): Trouble[] {
  const when = () => ({
    at: c.between(Math.max(0, at - MINUTE), at + 2 * MINUTE),
    lasts: c.pick([5 * SECOND, MINUTE, ...SHORT]),
  });
  const what = 'configReloaded';
  const all: Trouble[] = [
    { ...when(), what, how: 'labelRemoved', label: c.pick(['mac', 'mac-large']) },
    { ...when(), what, how: 'limitsChanged' },
    ...(macs.length > 1 ? [{ ...when(), what, how: 'hostRemoved', mac: c.pick(macs) } as const] : []),
  ];
  const first = c.between(0, all.length - 1);
  return [...all.slice(first), ...all.slice(0, first)];
}

export const TROUBLE_KINDS = Object.keys(DRAWS) as TroubleKind[];

/**
 * The troubles of a seed, of these kinds: each with a chance of one in ten, or all of them. Each kind has its
 * own stream of random numbers.
 */
export function planTroubles(
  seed: number,
  kinds: readonly TroubleKind[],
  macs: readonly string[],
  troubled: number,
  isCertain: boolean,
): TroublePlan {
  const plan: TroublePlan = {
    troubles: [],
    pushes: [],
    repositories: [APP],
    scope: 'repository',
    images: { mac: IMAGE, 'mac-large': IMAGE },
    ignoresJobs: 0,
    incidents: [],
    needsBases: false,
    holdFailed: null,
  };
  for (const kind of kinds) {
    const chance = new Chance(seed, kind);
    if (!chance.is(0.1) && !isCertain) continue;
    const drawn = DRAWS[kind](chance, macs, { at: chance.between(0, troubled) });
    plan.troubles.push(...(drawn.troubles ?? []));
    plan.pushes.push(...(drawn.pushes ?? []));
    plan.incidents.push(...(drawn.incidents ?? []));
    for (const name of drawn.repositories ?? []) {
      if (plan.repositories.includes(name)) continue;
      plan.repositories.push(name);
      plan.pushes.push(
        pushOf(chance, { at: chance.between(0, troubled) }, name, 'mac', chance.between(1, 2)),
      );
    }
    plan.needsBases ||= drawn.needsBases ?? false;
    plan.scope = drawn.scope ?? plan.scope;
    plan.images = drawn.images ?? plan.images;
    plan.holdFailed = drawn.holdFailed ?? plan.holdFailed;
    plan.ignoresJobs = drawn.ignoresJobs ?? plan.ignoresJobs;
  }
  // A job that comes while the trouble lasts and nothing else is wrong any more.
  const late = new Chance(seed, 'late jobs');
  if (plan.troubles.some(({ lasts }) => lasts > SHORTEST)) {
    plan.pushes.push(pushOf(late, { at: late.between(20 * MINUTE, 40 * MINUTE) }, APP, 'mac', 1));
  }
  return plan;
}

function pushOf(
  chance: Chance,
  when: { at: number },
  repository: string,
  label: PlannedJob['label'],
  count: number,
): Push {
  const jobs = Array.from({ length: count }, (): PlannedJob => {
    const lasts = chance.between(10, 120) * SECOND;
    return { label, lasts, conclusion: 'success', needsApproval: false };
  });
  return { ...when, repository, jobs, cancelAfter: null, approveAfter: null, rerunAfter: null };
}
