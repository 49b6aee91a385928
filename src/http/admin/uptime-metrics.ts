import { Gauge, type Registry } from 'prom-client';
import type { Hosts } from '../../hosts/hosts.ts';

export interface UptimeMetricsOptions {
  hosts(): Pick<Hosts, 'all'>;
  /** Seconds for which the Mac of the daemon has run; null on another system. */
  macUptime(): number | null;
}

/** Registers for how long Macs have run, since macOS 26 makes no new connections some time after 49.7 days. */
export function addUptimeMetrics(prefix: string, registry: Registry, options: UptimeMetricsOptions): void {
  new Gauge({
    name: `${prefix}host_uptime_seconds`,
    help: 'Seconds for which the agent of the host has run; its Mac has run for at least as long.',
    labelNames: ['host'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, snapshot } of options.hosts().all())
        if (snapshot.context.look) this.set({ host: name }, snapshot.context.look.uptime);
    },
  });
  new Gauge({
    name: `${prefix}mac_uptime_seconds`,
    help: 'Seconds for which the Mac of the daemon has run; missing on another system.',
    registers: [registry],
    collect() {
      this.reset();
      const seconds = options.macUptime();
      if (seconds === null) this.remove();
      else this.set(seconds);
    },
  });
}
