import { z } from 'zod';
import { hold, reload } from './answer-schemas.ts';
import type { Route } from './route.ts';

const isOrdered = z.object({ ordered: z.literal(true) });

const END =
  'When it takes jobs again by itself: a span such as `2h`, or an instant in ISO 8601 with its time zone. Without it, the order has no end.';

/** The orders of a person. */
export const ORDER_DESCRIPTIONS: Route[] = [
  {
    method: 'post',
    path: '/api/reload',
    summary:
      'Read the config again and put it in force in one step, or refuse it with its problems; then nothing has changed.',
    answer: reload,
  },
  {
    method: 'post',
    path: '/api/collect',
    summary: 'Run the collector now: remove the VMs and runners of this daemon that no record owns.',
    query: { dryRun: '`true` changes nothing and returns what would be done.' },
    answer: z.object({ dryRun: z.boolean(), steps: z.array(z.looseObject({})) }),
  },
  {
    method: 'post',
    path: '/api/jobs/{id}/cancel',
    summary: 'Give up the job and its VM; refused while the job runs.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/jobs/{id}/retry',
    summary: 'Try a waiting job now, or serve again a job that was given up.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/jobs/{id}/hold',
    summary:
      'Hold the VM in which the job fails, so that a person can look into it, or hold a held VM longer. `hold` is null if the job has not failed yet: the hold begins when it fails.',
    query: { for: 'How long: a span such as `20m`, at most `4h`. Without it, 20 minutes.' },
    answer: z.object({ ordered: z.literal(true), hold: hold.nullable() }),
  },
  {
    method: 'post',
    path: '/api/jobs/{id}/release',
    summary: "End the hold of the job's VM, which is then deleted, or take back the order to hold it.",
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/records/{key}/forget',
    summary:
      "End the record of a job (its id) or of a VM (its actor's key) as it is. Nothing is deleted: `left` names what may still exist; the collector looks for it.",
    answer: z.object({
      ordered: z.boolean(),
      left: z.object({
        vm: z.string().nullable(),
        host: z.string().nullable(),
        runner: z.string().nullable(),
      }),
    }),
  },
  {
    method: 'post',
    path: '/api/hosts/{name}/cordon',
    summary: 'Cordon the host: it gets no new jobs.',
    query: { until: END },
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/hosts/{name}/uncordon',
    summary: 'Uncordon the host: it gets jobs again.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/hosts/{name}/drain',
    summary: 'Cordon the host, and move jobs that do not run there yet to other hosts.',
    query: { until: END },
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/images/{label}/try',
    summary: 'Try the refused image of a label again, on one host.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/images/{label}/spread',
    summary: 'Use the tried or refused image of a label on every host now.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/images/{label}/back',
    summary: 'Refuse the tried image of a label; without a trial, use the previous image again.',
    answer: isOrdered,
  },
];
