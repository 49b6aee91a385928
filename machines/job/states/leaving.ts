/**
 * Orders that end an attempt whose runner may be given a job at any moment: it is retired, so that a job which
 * came first is not killed (law 5).
 */
export const leaving = {
  'host.drained': {
    target: '#job.running.retiring',
    actions: {
      type: 'loseAttempt',
      params: { code: 'HOST_DRAINED', message: 'The host is being emptied, so the job goes on elsewhere.' },
    },
  },
  'operator.cancelled': { target: '#job.running.retiring', actions: 'cancelAttempt' },
} as const;
