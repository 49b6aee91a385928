// @ts-check
import { webAddress } from '../../format.js';

/**
 * What a job's run was started for, and by whom.
 *
 * @typedef {object} OriginPart
 * @property {'branch' | 'commit' | 'by'} label
 * @property {string} text
 * @property {string | null} href its page at GitHub; null where the address is not known
 */

/** Characters of a commit's id that people read. */
const SHORT = 7;

/**
 * Returns what is known of it, as parts that may be links. Journals of earlier versions have neither commit nor branch.
 * @param {{ commit?: string | null, branch?: string | null, url?: string } | undefined} job
 * @param {string | null} actor who started the run; null while that is unknown
 * @returns {OriginPart[]}
 */
export function originOf(job, actor) {
  const [, repository, server] =
    /^((https?:\/\/[^/]+)\/[^/]+\/[^/]+)\/actions\//.exec(webAddress(job?.url) ?? '') ?? [];
  /** @type {OriginPart[]} */
  const parts = [];
  /** @param {OriginPart['label']} label @param {string} text @param {string | undefined} base @param {string} path */
  const add = (label, text, base, path) => parts.push({ label, text, href: base ? base + path : null });
  // The branch may be one of a fork, so its runs are linked, which are in this repository in any case.
  if (job?.branch)
    add('branch', job.branch, repository, `/actions?query=${encodeURIComponent(`branch:${job.branch}`)}`);
  if (job?.commit)
    add('commit', job.commit.slice(0, SHORT), repository, `/commit/${encodeURIComponent(job.commit)}`);
  if (actor !== null) add('by', actor, server, accountPath(actor));
  return parts;
}

/** `dependabot[bot]` is an App. @param {string} login */
function accountPath(login) {
  const [, app] = /^(.+)\[bot\]$/.exec(login) ?? [];
  return app ? `/apps/${encodeURIComponent(app)}` : `/${encodeURIComponent(login)}`;
}
