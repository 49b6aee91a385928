import type { AdminSource } from '../api/api-routes.ts';
import { withoutTail } from '../api/without-tail.ts';

/** Queued jobs in a view: it is written every second. */
const MOST_QUEUED = 500;

/** What the active controller knows and no record has, as its API shows it. */
export interface SharedView {
  jobs: ReturnType<AdminSource['jobs']>;
  waiting: ReturnType<AdminSource['waiting']>;
  hosts: ReturnType<AdminSource['hosts']>;
  images: ReturnType<AdminSource['images']>;
  takeOvers: ReturnType<AdminSource['takeOvers']>;
  sources: ReturnType<AdminSource['sources']>;
  stats: ReturnType<AdminSource['stats']>;
  status: ReturnType<AdminSource['status']>;
  health: ReturnType<AdminSource['health']>;
  githubAhead: ReturnType<AdminSource['githubAhead']>;
}

export function sharedView(source: AdminSource): SharedView {
  const { waiting, unserved } = source.waiting();
  return {
    jobs: withoutTail(source.jobs(), MOST_QUEUED).jobs,
    waiting: { waiting: waiting.slice(0, MOST_QUEUED), unserved },
    hosts: source.hosts(),
    images: source.images(),
    takeOvers: source.takeOvers(),
    sources: source.sources(),
    stats: source.stats(),
    status: source.status(),
    health: source.health(),
    githubAhead: source.githubAhead(),
  };
}
