import type { AgentSettings } from '../../src/simulator/agent/options.ts';
import { Chance } from './chance.ts';
import { planBases } from './plan-bases.ts';
import { planClocks, RIGHT_CLOCKS } from './plan-clocks.ts';
import { planEndlessAnswers, planFaults, planOddGuests, planPages } from './plan-faults.ts';
import { planOutages } from './plan-outages.ts';
import { planTroubles, TROUBLE_KINDS } from './plan-troubles.ts';
import type { Incident, Manners, PlannedJob, Push, Scenario } from './scenario.ts';
import type { TroubleKind } from './trouble.ts';
import { planUntruths } from './untruths.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds within which everything that goes wrong begins. */
const TROUBLED = 8 * MINUTE;

/** The troubles that a seed may draw; `isCertain` makes it draw all of them. */
export interface TroubleChoice {
  kinds: readonly TroubleKind[];
  isCertain?: boolean;
  /** Whether it draws wrong clocks, set clocks, and sleep. */
  hasClocks?: boolean;
}

/** The scenario of a seed. Each part has its own stream of random numbers. */
export function planScenario(
  seed: number,
  { kinds, isCertain = false, hasClocks = true }: TroubleChoice = { kinds: TROUBLE_KINDS },
): Scenario {
  const daemon = new Chance(seed, 'daemon');
  const planned = planMacs(new Chance(seed, 'macs'));
  const clocks = hasClocks ? planClocks(new Chance(seed, 'clocks'), planned.length, TROUBLED) : RIGHT_CLOCKS;
  const macs = planned.map(({ name, settings }, index) => ({
    name,
    settings: { ...settings, clockAheadBy: clocks.macs[index] ?? 0 },
  }));
  const warm = new Chance(seed, 'warm');
  const wantsWarm = warm.is(0.3);
  const names = macs.map(({ name }) => name);
  const bases = planBases(new Chance(seed, 'base'), names, TROUBLED);
  const outages = planOutages(new Chance(seed, 'outages'), names, TROUBLED);
  const trouble = planTroubles(seed, kinds, names, TROUBLED, isCertain);
  return {
    seed,
    daemon: {
      mode: daemon.pick(['poll', 'webhook', 'both', 'both']),
      pollInterval: daemon.pick([10, 30, 60]) * SECOND,
      recheckInterval: daemon.pick([60, 120]) * SECOND,
      hostCheckInterval: daemon.pick([5, 20, 30]) * SECOND,
      gcInterval: 60 * SECOND,
      idleTimeout: daemon.pick([1, 5]) * MINUTE,
      lifetimeSeconds: daemon.pick([3600, 3600, 3600, 600]),
      baseVms: bases.areKept || trouble.needsBases,
      retention: 24 * HOUR,
      images: trouble.images,
      warm: {
        mac: wantsWarm ? warm.between(1, 2) : 0,
        'mac-large': wantsWarm && warm.is(0.3) ? 1 : 0,
      },
      warmMaxAge: warm.pick([5, 10, 60]) * MINUTE,
      holdFailed: trouble.holdFailed,
    },
    repositories: trouble.repositories,
    scope: trouble.scope,
    clock: clocks.clock,
    hop: [1, 30],
    slowestWrite: new Chance(seed, 'disk').pick([20, 20, 500, 8_000]),
    macs,
    github: planGitHub(new Chance(seed, 'github')),
    pushes: [
      ...planPushes(new Chance(seed, 'pushes')),
      ...planRaces(new Chance(seed, 'races')),
      ...trouble.pushes,
    ],
    faults: [
      ...planFaults(new Chance(seed, 'faults'), names, TROUBLED),
      ...bases.faults,
      ...planPages(new Chance(seed, 'pages'), TROUBLED),
      ...planOddGuests(new Chance(seed, 'odd guests'), names, TROUBLED),
      ...outages.faults,
      ...planEndlessAnswers(new Chance(seed, 'endless answers'), names, TROUBLED),
    ],
    incidents: [
      ...planIncidents(new Chance(seed, 'incidents'), names),
      ...bases.incidents,
      ...planPauses(new Chance(seed, 'pauses'), names),
      ...planPassedIds(new Chance(seed, 'passed ids')),
      ...outages.incidents,
      ...trouble.incidents,
      ...clocks.naps,
    ],
    troubles: trouble.troubles,
    manners: { ...planManners(new Chance(seed, 'manners')), ignoresJobs: trouble.ignoresJobs },
    untruths: planUntruths(new Chance(seed, 'untruths')),
    crashes: planCrashes(new Chance(seed, 'crashes')),
    restartsAfter: [100, 5 * SECOND, 40 * SECOND, 200 * SECOND],
    calmFrom: 2 * TROUBLED,
  };
}

function planMacs(chance: Chance): Scenario['macs'] {
  return Array.from({ length: chance.is(0.3) ? 2 : 1 }, (_, index) => {
    const settings: AgentSettings = {
      slots: 2,
      sshPorts: { start: 2222, end: 2223 },
      errorHoldsSlot: chance.is(0.2),
      autoEnableSshForwarding: chance.is(0.8),
      latencies: {
        resolve: [50, 500],
        pull: [SECOND, chance.pick([10, 90]) * SECOND],
        clone: [SECOND, 5 * SECOND],
        resize: [100, SECOND],
        start: [SECOND, 5 * SECOND],
        stop: [100, 2 * SECOND],
        delete: [200, 3 * SECOND],
        nat: [2 * SECOND, 10 * SECOND],
        sshd: [5 * SECOND, 40 * SECOND],
        autoDelete: [100, 2 * SECOND],
        autoDeleteRetry: 5 * SECOND,
        expiryRetry: SECOND,
        natSearch: 71 * SECOND,
        persistence: chance.pick([0, 0, 500]),
      },
    };
    return { name: `mac-${index + 1}`, settings };
  });
}

function planGitHub(chance: Chance): Scenario['github'] {
  const isOld = chance.is(0.1);
  return {
    enterpriseVersion: isOld ? '3.9.4' : null,
    hasJit: !isOld,
    rateLimit: chance.is(0.1) ? 300 : 5_000,
    runStatusFollows: chance.pick(['leastAdvanced', 'mostAdvanced']),
    deletionTrustsBusy: chance.is(0.3),
    timings: {
      assignment: chance.pick([0, [200, 3 * SECOND] as const]),
      webhook: [50, chance.pick([500, 5 * SECOND, 60 * SECOND])],
      listLag: chance.pick([0, 0, 2 * SECOND, 20 * SECOND]),
      busyLag: chance.pick([0, 10 * SECOND, 60 * SECOND]),
      idleJitLife: chance.is(0.2) ? 3 * MINUTE : null,
      queueLife: chance.is(0.1) ? 15 * MINUTE : 24 * HOUR,
    },
  };
}

function planPushes(chance: Chance): Push[] {
  return Array.from({ length: chance.between(1, 4) }, () => ({
    at: chance.between(0, 4 * MINUTE),
    jobs: Array.from({ length: chance.between(1, 3) }, () => planJob(chance)),
    cancelAfter: chance.is(0.25) ? chance.between(0, 6 * MINUTE) : null,
    approveAfter: chance.is(0.9) ? chance.between(SECOND, 3 * MINUTE) : null,
    rerunAfter: chance.is(0.15) ? chance.between(3 * MINUTE, 6 * MINUTE) : null,
  }));
}

/**
 * A run that is cancelled at about the time when its runner comes online, and another while that runner is
 * being retired.
 */
function planRaces(chance: Chance): Push[] {
  if (!chance.is(0.4)) return [];
  const at = chance.between(0, 3 * MINUTE);
  const cancelAfter = chance.between(30 * SECOND, 90 * SECOND);
  const again = at + cancelAfter + chance.between(0, 60 * SECOND);
  const job = { label: 'mac', conclusion: 'success', needsApproval: false } as const;
  const push = { approveAfter: null, rerunAfter: null };
  return [
    { ...push, at, cancelAfter, jobs: [{ ...job, lasts: MINUTE }] },
    { ...push, at: again, cancelAfter: null, jobs: [{ ...job, lasts: 2 * MINUTE }] },
  ];
}

function planJob(chance: Chance): PlannedJob {
  return {
    label: chance.pick(['mac', 'mac', 'mac', 'mac', 'mac-large', 'mac-large', 'ubuntu-latest']),
    lasts: chance.pick([SECOND, 10 * SECOND, 20 * SECOND, chance.between(20, 120) * SECOND, 4 * MINUTE]),
    conclusion: chance.is(0.8) ? 'success' : 'failure',
    needsApproval: chance.is(0.1),
  };
}

function planManners(chance: Chance): Omit<Manners, 'ignoresJobs'> {
  const sometimes = (most: number) => (chance.is(0.3) ? chance.next() * most : 0);
  return {
    neverConnects: sometimes(0.5),
    exitsEarly: sometimes(0.5),
    staysForEver: sometimes(0.5),
    diesInJob: sometimes(0.5),
    clockSkewed: sometimes(0.3),
  };
}

function planIncidents(chance: Chance, macs: string[]): Incident[] {
  const kinds = [
    'agentQuits',
    'agentCrashes',
    'maintenance',
    'hostUnplugged',
    'strangerVm',
    'strangerRunner',
    'runnerVanishes',
    'daemonStops',
    'diskFull',
    'githubUnplugged',
  ] as const;
  return Array.from({ length: chance.is(0.5) ? chance.between(1, 4) : 0 }, () => {
    const at = chance.between(0, TROUBLED);
    const lasts = chance.pick([SECOND, 20 * SECOND, 90 * SECOND, 4 * MINUTE]);
    const what = chance.pick(kinds);
    const mac = chance.pick(macs);
    if (what === 'strangerVm') return { at, lasts, what, mac, name: chance.pick(STRANGERS) };
    if (what === 'strangerRunner') return { at, lasts, what, name: chance.pick(STRANGERS) };
    if ('agentQuits agentCrashes maintenance hostUnplugged'.includes(what))
      return { at, lasts, what, mac } as Incident;
    return { at, lasts, what } as Incident;
  });
}

/** A person pauses a VM of ours, whatever it does, and resumes it later. */
function planPauses(chance: Chance, macs: string[]): Incident[] {
  return Array.from({ length: chance.is(0.3) ? chance.between(1, 2) : 0 }, () => ({
    at: chance.between(0, TROUBLED),
    lasts: chance.pick([SECOND, 20 * SECOND, 90 * SECOND, 4 * MINUTE]),
    what: 'vmIsPaused',
    mac: chance.pick(macs),
  }));
}

/** GitHub's server is restored from a backup that does not have one of our runners. */
function planPassedIds(chance: Chance): Incident[] {
  if (!chance.is(0.15)) return [];
  return [
    {
      at: chance.between(0, TROUBLED),
      lasts: 4 * MINUTE,
      what: 'runnerIdPassesOn',
      name: chance.pick(STRANGERS),
    },
  ];
}

/** Names similar to ours: of another controller, without a number at the end, with another prefix. */
const STRANGERS = [
  'gh-other-51300000001-1',
  'gh-default-51300000001',
  'gh-default-51300000001-01',
  'gh-default-x-51300000001-1',
  'xgh-default-51300000001-1',
  'build-server',
];

function planCrashes(chance: Chance): number[] {
  return Array.from({ length: chance.is(0.5) ? chance.between(1, 3) : 0 }, () => chance.between(1, 400));
}
