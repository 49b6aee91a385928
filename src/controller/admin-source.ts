import type { Collector } from '../dispatch/collector.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Hosts } from '../dispatch/hosts.ts';
import type { JobActors } from '../dispatch/job-actors.ts';
import { jobView } from '../dispatch/job-view.ts';
import { statePath } from '../dispatch/transition-entry.ts';
import type { AdminSource } from '../http/admin-app.ts';
import type { Poller } from '../intake/poller.ts';
import type { WebhookHealth } from '../intake/webhook-health.ts';
import type { Store } from '../store/store.ts';

interface AdminParts {
  actors: JobActors;
  hosts: Hosts;
  store: Store;
  poller: Poller;
  webhooks: WebhookHealth;
  collector: Collector;
  dispatcher: Dispatcher;
  progress: ReadonlyMap<string, string>;
  health(): { ok: boolean; reasons: string[] };
}

/** What the admin API reads, taken from the live parts at each call. */
export function adminSource(parts: AdminParts): AdminSource {
  const { actors, hosts, store, poller, webhooks, collector, dispatcher, progress, health } = parts;
  return {
    jobs: () =>
      [...actors.all()].map(({ key, snapshot }) =>
        jobView(key, snapshot, progress.get(snapshot.context.vm?.name ?? '') ?? null),
      ),
    recent: (limit) => store.settledJobs({ limit }),
    hosts: () =>
      [...hosts.all()].map(({ name, snapshot }) => ({
        ...snapshot.context,
        name,
        state: statePath(snapshot.value).split('.')[0],
      })),
    status: () => ({
      ...health(),
      jobs: actors.size,
      draining: dispatcher.draining,
      store: store.health(),
      poller: poller.health(),
      webhooks: { state: webhooks.state, ...webhooks.context },
    }),
    collect: async (dryRun) => (dryRun ? (await collector.plan()).steps : collector.collect()),
  };
}
