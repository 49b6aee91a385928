import type { BreakerAbout, BreakerView } from '../../machines/breaker.ts';
import { counted, instant, span } from '../format.js';
import { cordonWords } from '../hosts/host-cordons.ts';
import { ACTIVE_JOBS } from '../intake/polling/poller.ts';
import { renamedWords } from '../intake/repository-names.ts';
import { breakerSubject } from '../placement/breakers/breaker-subject.ts';
import type { Health, HealthScope, SuccessAge } from './health.ts';
import type { HealthFacts, HostFacts } from './health-facts.ts';
import { uptimeScopes } from './long-uptimes.ts';

/**
 * Intervals after which a look that did not succeed is overdue: one lost or slow look is not a problem yet.
 */
const MISSED_LOOKS = 5;
/**
 * Milliseconds below which nothing is overdue, however short its interval: a busy machine or network may take
 * this long.
 */
const LEAST_BOUND = 10_000;
/**
 * Milliseconds for which a job may be left without a slot that it could have: GitHub is asked before a grant,
 * and several failed requests are needed to open a breaker.
 */
export const UNSERVED_BOUND = 60_000;
/**
 * Milliseconds since the last delivery after which the state "trusted" no longer counts: without looks at
 * GitHub nothing confirms it.
 */
export const DELIVERY_BOUND = 60 * 60_000;

/** Returns the milliseconds after which something that happens at an interval (`pace`) is overdue. */
export const boundOf = (pace: number): number => Math.max(LEAST_BOUND, MISSED_LOOKS * pace);

/**
 * Law 15: ready means serving. It follows the age of the last success, not the absence of errors. A daemon is
 * not ready only when it can serve nothing or store nothing; trouble of one part is reported as a degraded
 * scope.
 */
export function decideHealth(facts: HealthFacts): Health {
  const scopes = [
    ...storeScope(facts),
    ...drainScope(facts),
    ...hostScopes(facts),
    // What is held back is the cause more often than what could not be read.
    ...breakerScopes(facts),
    ...uptimeScopes(facts),
    ...pollingScopes(facts),
    ...budgetScopes(facts),
    ...profileScopes(facts),
    ...facts.renamed.map(
      (renamed): HealthScope => ({
        what: 'repository',
        name: renamed.from,
        sentence: renamedWords(renamed),
        since: null,
        whoActs: 'The operator: correct the name in the config.',
        stops: false,
      }),
    ),
  ];
  return {
    ready: scopes.every(({ stops }) => !stops),
    degraded: scopes.length > 0,
    canStore: facts.store.ok,
    scopes: [...scopes.filter(({ stops }) => stops), ...scopes.filter(({ stops }) => !stops)],
    ages: agesOf(facts),
  };
}

function storeScope({ store }: HealthFacts): HealthScope[] {
  if (store.ok) return [];
  return [
    {
      what: 'store',
      name: '',
      sentence: `The store cannot be written: ${store.lastError}`,
      since: store.failingSince,
      whoActs:
        'The operator: if the store is a folder, free space on its disk and check that the user of the daemon may write there; if it is a database, check that it runs, can be reached from here and accepts writes.',
      stops: true,
    },
  ];
}

function drainScope({ isDraining }: HealthFacts): HealthScope[] {
  if (!isDraining) return [];
  const sentence = 'The daemon is ending and takes no new job.';
  return [
    {
      what: 'daemon',
      name: '',
      sentence,
      since: null,
      whoActs: 'Nobody: the next start takes jobs again.',
      stops: true,
    },
  ];
}

function hostScopes(facts: HealthFacts): HealthScope[] {
  const { hosts, hostCheckInterval, breakers } = facts;
  const bound = boundOf(hostCheckInterval);
  const silent = hosts.filter(({ lookAge }) => isOverdue(lookAge, bound));
  const scopes = silent.map((host): HealthScope => {
    const { name, lookAge } = host;
    return {
      what: 'host',
      name,
      sentence: `${silence(host)}.`,
      since: sinceOf(facts, lookAge),
      whoActs: `The owner of ${name}: check that its agent and its network work.`,
      stops: false,
    };
  });
  const maintained = hosts.filter((host) => host.maintenanceAge !== null && !silent.includes(host));
  scopes.push(
    ...maintained.map(
      (host): HealthScope => ({
        what: 'host',
        name: host.name,
        sentence: `${maintenance(host)}.`,
        since: sinceOf(facts, host.maintenanceAge),
        whoActs: `The person who maintains ${host.name}: it gets jobs again when its agent takes changes.`,
        stops: false,
      }),
    ),
  );
  const whyNot = (host: HostFacts): string | null => {
    const { name, cordon } = host;
    if (cordon !== null) return `${name} is cordoned by ${cordonWords(cordon)}`;
    if (silent.includes(host)) return silence(host);
    if (host.maintenanceAge !== null) return maintenance(host);
    const breaker = breakers.find((one) => one.about === 'host' && one.name === name);
    return breaker && isHolding(breaker) ? `${name} is held back` : null;
  };
  const whys = hosts.map(whyNot);
  if (whys.some((why) => why === null)) return scopes;
  const ages = hosts.map(({ lookAge }) => lookAge);
  const isSilent = silent.length === hosts.length;
  const all: HealthScope = {
    what: 'hosts',
    name: '',
    sentence: `No host takes jobs: ${whys.join('; ')}.`,
    since: isSilent ? sinceOf(facts, ages.includes(null) ? null : Math.min(...ages.map(Number))) : null,
    whoActs: 'The owners of the hosts, or the operator who cordoned them.',
    stops: true,
  };
  return [all, ...scopes];
}

/** While looks at GitHub are overdue, only webhooks can still bring jobs. */
function pollingScopes(facts: HealthFacts): HealthScope[] {
  const { poller, mode, webhooks } = facts;
  // With many repositories a cycle takes long, and the next one may take as long again.
  const bound = boundOf(Math.max(poller.pace, poller.lastPace)) + 2 * poller.took;
  const overdue = poller.looks.filter(({ age }) => isOverdue(age, bound));
  const lists = (one: { what: string }) => one.what !== ACTIVE_JOBS;
  const isBlind =
    poller.looks.some(lists) && overdue.filter(lists).length === poller.looks.filter(lists).length;
  const isTold =
    mode !== 'poll' &&
    (webhooks.state === 'trusted' || webhooks.state === 'repairing') &&
    !isOverdue(webhooks.deliveryAge, DELIVERY_BOUND);
  return overdue.map(({ what, age }): HealthScope => {
    const outage = poller.outages.find((one) => one.what === what);
    const rest = poller.budgets.find(
      ({ purpose, pausedUntil }) => purpose === 'looking for work' && pausedUntil,
    );
    const why = outage?.failure.message ?? (rest ? 'little of GitHub’s rate limit is left' : null);
    const subject = `${what[0]?.toUpperCase()}${what.slice(1)}`;
    return {
      what: 'polling',
      name: what,
      sentence: `${subject} ${age === null ? 'were not read at GitHub yet' : `were last read at GitHub ${span(age)} ago`}${because(why)}.`,
      since: sinceOf(facts, age),
      whoActs: outage
        ? 'The administrator of the network or of the repository: the message says which.'
        : rest
          ? 'Nobody: it goes on when the rate limit is renewed.'
          : 'The operator, if it lasts: start the daemon again and report it.',
      stops: isBlind && !isTold && what !== ACTIVE_JOBS,
    };
  });
}

/** What stops while the budget of a purpose has nothing left. */
const PAUSED = {
  'serving jobs': 'no new runner is registered',
  'looking for work': 'polling pauses',
};

function budgetScopes({ poller }: HealthFacts): HealthScope[] {
  return poller.budgets.flatMap(({ purpose, pausedUntil }): HealthScope[] => {
    if (pausedUntil === null || (purpose !== 'serving jobs' && purpose !== 'looking for work')) return [];
    const until = instant(pausedUntil);
    return [
      {
        what: 'budget',
        name: purpose,
        sentence: `Little of GitHub's rate limit is left: ${PAUSED[purpose]} until ${until}.`,
        since: null,
        whoActs:
          'Nobody: it goes on at that time. To prevent it, poll less often, or use webhooks or an App.',
        stops: purpose === 'serving jobs',
      },
    ];
  });
}

/**
 * Jobs that could begin and do not: while others do, it is one profile's trouble; while none do, it is the
 * daemon's.
 */
function profileScopes(facts: HealthFacts): HealthScope[] {
  const nobodyBegins = isOverdue(facts.grantAge, UNSERVED_BOUND);
  return facts.profiles
    .filter(({ unservedFor }) => unservedFor > UNSERVED_BOUND)
    .map(({ name, unservedFor }) => ({
      what: 'profile',
      name,
      sentence: `A job of the profile ${name} has got no VM for ${span(unservedFor)}, although a slot is free and nothing holds the job back.`,
      since: facts.now - unservedFor,
      whoActs:
        'The operator: start the daemon again, which costs no running job, and report the fault, which is ours.',
      stops: nobodyBegins,
    }));
}

const WHO: Record<BreakerAbout, string> = {
  github: 'GitHub, or the administrator of the network between it and this machine.',
  registration: 'The operator of this daemon, or its administrator at GitHub.',
  pull: 'The owner of the registry, or the person who gives the host its rights there.',
  pair: 'The maker of the image, or the owner of that host.',
  host: 'The owner of that host.',
  profile: 'The maker of the image.',
};

function breakerScopes({ breakers, registrations }: HealthFacts): HealthScope[] {
  const paused = new Set(
    breakers.filter((one) => one.about === 'registration' && isHolding(one)).map(({ name }) => name),
  );
  const isPaused = (names: string[]) => names.some((name) => paused.has(name));
  const isAllPaused = registrations.length > 0 && registrations.every(isPaused);
  return breakers.map((breaker) => {
    const { about, name, lastFailure, openedAt, failures } = breaker;
    const isAll = about === 'github' || (about === 'registration' && isAllPaused);
    const how = isHolding(breaker) ? 'is held back' : 'is tried again by one job at a time';
    return {
      what: about,
      name,
      sentence: `${breakerSubject(breaker)} ${how} after ${counted(failures, 'failure')}${because(lastFailure?.message ?? null)}.`,
      since: openedAt,
      whoActs: `${WHO[about]} The daemon tries it again by itself, with one attempt.`,
      stops: isAll && isHolding(breaker),
    };
  });
}

/** Open: no attempt passes it now. In any other state the outage may be over. */
const isHolding = ({ state }: BreakerView): boolean => state === 'open';

const isOverdue = (age: number | null, bound: number): boolean => age === null || age > bound;

const silence = ({ name, lookAge, failure }: HostFacts): string =>
  `${name} has not answered ${lookAge === null ? 'yet' : `for ${span(lookAge)}`}${because(failure)}`;

const maintenance = ({ name, maintenanceAge }: HostFacts): string =>
  `${name} is in maintenance: its agent has refused changes for ${span(maintenanceAge ?? 0)}`;

/** The cause behind a sentence, without the full stop. */
const because = (why: string | null): string => (why ? `: ${why.replace(/\.$/, '')}` : '');

const sinceOf = ({ now }: HealthFacts, age: number | null): number | null =>
  age === null ? null : now - age;

function agesOf({ upFor, poller, hosts, profiles }: HealthFacts): SuccessAge[] {
  return [
    ...poller.looks.map(({ what, age }) => ({ what: 'polling' as const, name: what, age: age ?? upFor })),
    ...hosts.map(({ name, lookAge }) => ({ what: 'host' as const, name, age: lookAge ?? upFor })),
    ...profiles.map(({ name, unservedFor }) => ({ what: 'profile' as const, name, age: unservedFor })),
  ];
}
