import { Counter, Gauge, type Registry } from 'prom-client';
import type { Notices } from '../../notices/notices.ts';

/** The metrics of notifications; `notices` is called at each scrape. */
export function noticeMetrics(
  prefix: string,
  registry: Registry,
  notices: () => Pick<Notices, 'receivers'>,
): void {
  new Counter({
    name: `${prefix}notifications_total`,
    help: 'Messages to the receivers of notifications, by result: sent, or failed and tried again.',
    labelNames: ['receiver', 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name: receiver, sent, failed } of notices().receivers()) {
        this.inc({ receiver, result: 'sent' }, sent);
        this.inc({ receiver, result: 'failed' }, failed);
      }
    },
  });
  new Gauge({
    name: `${prefix}notices_pending`,
    help: 'Notices that a receiver of notifications has still to be told.',
    labelNames: ['receiver'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name: receiver, pending } of notices().receivers()) this.set({ receiver }, pending);
    },
  });
}
