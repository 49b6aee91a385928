import { z } from 'zod';
import type { PostgresReader } from '../../store/postgres/postgres-reader.ts';
import type { Needs } from './why-not-take.ts';

const record = z.object({
  snapshot: z.object({
    context: z.object({
      job: z.object({ profile: z.string() }).optional(),
      vm: z.object({ host: z.string() }).nullish(),
    }),
  }),
});

/** The hosts and labels that the records of live jobs name. A record that cannot be read needs nothing. */
export async function needsOfRecords(reader: Pick<PostgresReader, 'rows'>): Promise<Needs> {
  const hosts = new Set<string>();
  const labels = new Set<string>();
  for await (const [, text] of reader.rows('actors', {})) {
    const { job, vm } = record.safeParse(JSON.parse(text)).data?.snapshot.context ?? {};
    if (vm) hosts.add(vm.host);
    if (job?.profile) labels.add(job.profile);
  }
  return { hosts, labels };
}
