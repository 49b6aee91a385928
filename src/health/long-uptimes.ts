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

/** Returns why a Mac that has run for so long (milliseconds) should be restarted; null when it need not be. */
export function longUptime(upFor: number): string | null {
  if (upFor < WARNED_FROM) return null;
  const left = NETWORK_LASTS - upFor;
  const when = left > 0 ? `In at most ${span(left)} the Mac has run for 49.7 days: then` : 'After 49.7 days';
  return `has run for ${span(upFor)} without a restart. ${when} macOS frees no TCP ports any more, and later no new connection can be made`;
}

/**
 * Returns the Macs that should be restarted. An agent never runs longer than its Mac, so the Mac may have run for
 * longer.
 */
export function uptimeScopes({ hosts, macUpFor, now }: HealthFacts): HealthScope[] {
  const scope = (
    upFor: number | null,
    whose: string,
    rest: Pick<HealthScope, 'what' | 'name' | 'whoActs'>,
  ) => {
    const why = upFor === null ? null : longUptime(upFor);
    if (upFor === null || why === null) return [];
    return [{ ...rest, sentence: `${whose} ${why}.`, since: now - upFor + WARNED_FROM, stops: false }];
  };
  return [
    ...hosts.flatMap(({ name, upFor }) =>
      scope(upFor, `The agent of ${name}`, {
        what: 'host',
        name,
        whoActs: `The owner of ${name}: drain it, and restart the Mac before its 49th day.`,
      }),
    ),
    ...scope(macUpFor, 'The Mac of this daemon', {
      what: 'daemon',
      name: 'uptime',
      whoActs: 'The owner of this Mac: restart it before its 49th day; jobs in VMs of other Macs go on.',
    }),
  ];
}
