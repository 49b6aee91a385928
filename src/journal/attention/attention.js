// @ts-check
import { counted, day } from '../../format.js';
import { breakerWords } from './breaker-words.js';
import { itemOfEnded, itemOfWait, itemsOfFailing } from './job-items.js';

/**
 * What needs a person, at the moment that is shown: parts of the work in trouble, jobs that were lost or given up or
 * whose attempts fail, rows of the store that cannot be read, images whose runner GitHub will refuse.
 *
 * @typedef {import('../overview.js').Overview} Overview
 *
 * @typedef {object} Scope a part of the work in trouble, as the health says it or as the journal tells it
 * @property {string} what
 * @property {string} name
 * @property {string} sentence
 * @property {number | null} since epoch ms
 * @property {string} whoActs
 * @property {boolean} stops
 *
 * @typedef {import('./item.ts').Shows} Shows
 * @typedef {import('./item.ts').Item} Item
 *
 * @typedef {object} Facts
 * @property {Overview} overview
 * @property {number} now epoch ms
 * @property {Scope[] | null} scopes null where only the journal tells: in the past and in a recording
 * @property {{ profile: string, since: number }[]} [longWaits] the oldest job of each profile that waits too long
 * @property {Record<string, number>} unreadable rows of the store, by table
 * @property {boolean} isSilent the daemon does not respond
 * @property {{ profile: string, version: string, endsAt: number | null, isEnding: boolean }[]} runners in the images
 */

/** Milliseconds for which an ended job stays among what needs attention. */
export const LATELY = 6 * 3_600_000;

/** The worst first. @param {Facts} facts @returns {Item[]} */
export function attentionOf({ overview, now, scopes, isSilent, unreadable, runners, longWaits = [] }) {
  const parts = scopes === null ? partsOfJournal(overview) : scopes.map(itemOfScope);
  const jobs = overview.ended.filter(({ at }) => now - at < LATELY).flatMap(itemOfEnded);
  const images = [...overview.images.values()].flatMap(itemOfImage);
  const kept = scopes === null ? [] : [...itemsOfRows(unreadable), ...runners.flatMap(itemOfRunner)];
  const silence = isSilent ? [itemOfSilence()] : [];
  const waits = longWaits.map((wait) => itemOfWait(wait, now));
  const failing = itemsOfFailing(overview);
  const all = [...silence, ...parts, ...failing, ...jobs, ...waits, ...images, ...kept];
  return [...all.filter(({ mood }) => mood === 'bad'), ...all.filter(({ mood }) => mood === 'warn')];
}

/** @returns {Item} */
const itemOfSilence = () => ({
  key: 'silence',
  kind: 'service',
  mood: 'bad',
  what: 'The daemon',
  sentence: 'It does not respond.',
  whom: 'every job, if the daemon has ended',
  act: 'Check that its process runs. This page continues by itself.',
  since: null,
  shows: {},
  link: null,
});

/** @type {Partial<Record<string, (name: string) => string>>} */
const TITLES = {
  store: () => 'The store',
  daemon: () => 'The daemon',
  hosts: () => 'All hosts',
  budget: () => 'Rate limit',
  polling: () => 'Polling',
  host: (name) => `Host ${name}`,
  repository: (name) => `Repository ${name}`,
  profile: (name) => `Profile ${name}`,
  github: () => 'GitHub',
  registration: (name) => `Runners of ${name}`,
  pull: (name) => `Pull from ${name}`,
  pair: (name) => `Profile ${name}`,
};

/** @type {Partial<Record<string, (name: string) => string>>} */
const WHOM = {
  host: (name) => `jobs on ${name}; the other hosts go on`,
  polling: (name) =>
    name === 'active jobs'
      ? 'running jobs, whose ends are noticed later'
      : `new jobs of ${name.replace(/^the runs of /, '')}, which are found later`,
  budget: () => 'new jobs, which are found later',
  repository: (name) => `jobs of ${name}`,
  profile: (name) => `jobs of the profile ${name}`,
  registration: (name) => `jobs of ${name}`,
  // Its name is a registry and a profile: `ghcr.io for ios`.
  pull: (name) => `jobs of the profile ${name.split(' for ').at(-1)}, on hosts that lack its image`,
  pair: (name) => `jobs of the profile ${name}`,
};

/** @type {Partial<Record<string, Shows>>} */
const PLACES = { profile: { view: 'jobs', filter: 'waiting' } };

/** @param {Scope} scope @returns {Item} */
function itemOfScope({ what, name, sentence, since, whoActs, stops }) {
  const whom = stops ? 'every job' : (WHOM[what]?.(name) ?? 'every job');
  return {
    key: `${what} ${name}`,
    kind: stops ? 'service' : what === 'host' ? 'host' : 'scope',
    mood: stops ? 'bad' : 'warn',
    what: TITLES[what]?.(name) ?? what,
    sentence,
    whom,
    act: whoActs,
    since,
    shows: PLACES[what] ?? { view: 'hosts', host: what === 'host' ? name : null },
    link: null,
  };
}

/** @param {Overview} overview @returns {Item[]} */
function partsOfJournal({ hosts, breakers }) {
  const silent = [...hosts.values()].filter(({ state }) => state === 'unreachable' || state === 'lost');
  const maintained = [...hosts.values()].filter(({ state }) => state === 'maintenance');
  return [
    ...maintained.map(({ name, maintenanceSince }) =>
      itemOfScope({
        what: 'host',
        name,
        sentence: 'Its agent refuses changes: it is in maintenance.',
        since: maintenanceSince ?? null,
        whoActs: `The person who maintains ${name}: it gets jobs again when its agent takes changes.`,
        stops: false,
      }),
    ),
    ...silent.map(({ name, state, failure, unreachableSince }) =>
      itemOfScope({
        what: 'host',
        name,
        sentence: failure ? `It is ${state}: ${failure}` : `It is ${state}.`,
        since: unreachableSince,
        whoActs: `The owner of ${name}: check that its agent and its network work.`,
        stops: false,
      }),
    ),
    ...[...breakers.values()].map((breaker) =>
      itemOfScope({
        what: breaker.about,
        name: breaker.name,
        sentence: breakerWords(breaker),
        since: breaker.openedAt,
        whoActs: '',
        stops: false,
      }),
    ),
  ];
}

/** @param {Record<string, number>} unreadable @returns {Item[]} */
function itemsOfRows(unreadable) {
  const tables = Object.entries(unreadable).filter(([, count]) => count > 0);
  if (tables.length === 0) return [];
  const all = tables.reduce((sum, [, count]) => sum + count, 0);
  const where = tables.map(([table, count]) => `${count} of ${table}`).join(', ');
  return [
    {
      key: 'rows',
      kind: 'store',
      mood: 'warn',
      what: 'Unreadable rows',
      sentence: `${counted(all, 'row')} of the store cannot be read and ${all === 1 ? 'was' : 'were'} put aside, in quarantine: ${where}.`,
      whom: 'nobody now; the content of these rows is not shown',
      act: 'The operator: run "jeballto-runner check", which says what to do.',
      since: null,
      shows: { view: 'hosts' },
      link: null,
    },
  ];
}

/** @param {import('../overview.js').SeenImage} image @returns {Item[]} */
function itemOfImage({ profile, refused, trial }) {
  if (refused === null || trial !== null) return [];
  return [
    {
      key: `refused image ${profile} ${refused.digest}`,
      kind: 'image',
      mood: 'warn',
      what: `Next image of ${profile}`,
      sentence: refused.why,
      whom: `nobody now: jobs of the profile ${profile} use the old image`,
      act: 'The maker of the image: correct it and push it again. It is not tried again until its tag moves, or the config names another image.',
      since: refused.at,
      shows: { view: 'hosts' },
      link: null,
    },
  ];
}

/** @param {Facts['runners'][number]} runner @returns {Item[]} */
function itemOfRunner({ profile, version, endsAt, isEnding }) {
  if (!isEnding) return [];
  return [
    {
      key: `runner ${profile}`,
      kind: 'image',
      mood: 'warn',
      what: `Image of ${profile}`,
      sentence: `GitHub accepts its runner ${version}${endsAt === null ? ' not for long' : ` until ${day(endsAt)}`}.`,
      whom: `jobs of the profile ${profile}`,
      act: 'The maker of the image: build it with a current runner.',
      since: null,
      shows: { view: 'hosts' },
      link: null,
    },
  ];
}
