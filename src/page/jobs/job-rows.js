/**
 * Every job that is live, waits elsewhere or ended last, as the list shows it: once, whoever serves it. The teardown
 * of a VM whose job went on elsewhere has a mark on the chart and no row.
 */
export function rowsOf({ overview, waiting, unserved, isPast }) {
  const why = new Map(isPast ? [] : waiting.map((one) => [one.key, one]));
  const live = [...overview.jobs.values()]
    .filter(({ context }) => !context.released)
    .map((job) => ({ job, why: why.get(job.key) ?? null, kind: 'live' }));
  const order = (row) => row.why?.position ?? 0;
  const isQueued = ({ job }) => job.state === 'queued';
  live.sort(
    (a, b) => Number(isQueued(a)) - Number(isQueued(b)) || order(a) - order(b) || queuedAt(a) - queuedAt(b),
  );
  const elsewhere = isPast
    ? []
    : unserved.map((one) => ({
        job: {
          key: `unserved-${one.jobId}`,
          jobId: one.jobId,
          attempt: 0,
          host: null,
          state: 'not ours',
          enteredAt: one.queuedAt,
          context: { job: { ...one, id: one.jobId, profile: '' } },
        },
        why: why.get(`unserved-${one.jobId}`) ?? null,
        kind: 'unserved',
      }));
  const ended = overview.ended.map((job) => ({ job, why: null, kind: 'ended' }));
  return [...live, ...elsewhere, ...ended];
}

const queuedAt = ({ job }) => job.context.job?.queuedAt ?? job.enteredAt;

export const FILTERS = {
  all: { label: 'All', test: () => true },
  live: { label: 'Live', test: ({ kind }) => kind === 'live' },
  waiting: {
    label: 'Waiting',
    test: ({ kind, job }) =>
      kind !== 'ended' &&
      (job.state === 'queued' || kind === 'unserved' || /waiting|blocked/.test(job.state)),
  },
  failed: { label: 'Failed', test: ({ job }) => job.state === 'failed' },
  ended: { label: 'Ended', test: ({ kind }) => kind === 'ended' },
};

/** Whether each word of a search stands somewhere in a row. */
export function matches({ job, why }, search) {
  if (search.trim() === '') return true;
  const {
    owner = '',
    repository = '',
    workflow = '',
    name = '',
    labels = [],
    profile = '',
  } = job.context.job ?? {};
  const text = [
    job.jobId,
    `${owner}/${repository}`,
    workflow,
    name,
    labels.join(' '),
    profile,
    job.host ?? '',
    job.state,
    job.context.failure?.code ?? '',
    why?.sentence ?? '',
  ];
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.join(' ').toLowerCase().includes(word));
}
