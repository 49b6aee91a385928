import { span } from '../format.js';
import type { HealthScope } from './health.ts';
import type { HealthFacts } from './health-facts.ts';

const DAY = 86_400_000;

/**
 * Milliseconds after which macOS 26 frees no TCP port any more: it counts TCP's time in 32 bits. New connections fail
 * when all ports are used up, while ping and open connections still work.
 */
const NETWORK_LASTS = 2 ** 32;

/** Milliseconds after which a Mac should be restarted soon: the warning leaves time for a quiet hour. */
const WARNED_FROM = 45 * DAY;

/** Why a Mac that has run for so long (milliseconds) should be restarted; null when it need not be. */
export function longUptime(upFor: number): string | null {
  if (upFor < WARNED_FROM) return null;
  const left = NETWORK_LASTS - upFor;
  const when = left > 0 ? `in ${span(left)}, after 49.7 days,` : 'after 49.7 days, which is over,';
  return `has run for ${span(upFor)} without a restart: ${when} macOS stops freeing TCP ports, and at some time no new connection can be made`;
}

/** The Macs that should be restarted. An agent never runs longer than its Mac, so the Mac may have run for longer. */
export function uptimeScopes({ hosts, macUpFor, now }: HealthFacts): HealthScope[] {
  const own = longUptime(macUpFor ?? 0);
  return [
    ...hosts.flatMap(({ name, upFor }): HealthScope[] => {
      const why = longUptime(upFor ?? 0);
      const whoActs = `The owner of ${name}: drain it, and restart the Mac before its 49th day.`;
      return why && upFor
        ? [
            {
              what: 'host',
              name,
              sentence: `The agent of ${name} ${why}.`,
              since: now - upFor + WARNED_FROM,
              whoActs,
              stops: false,
            },
          ]
        : [];
    }),
    ...(own && macUpFor
      ? [
          {
            what: 'daemon' as const,
            name: 'uptime',
            sentence: `The Mac of this daemon ${own}.`,
            since: now - macUpFor + WARNED_FROM,
            whoActs:
              'The owner of this Mac: restart it before its 49th day; jobs in VMs of other Macs go on.',
            stops: false,
          },
        ]
      : []),
  ];
}
