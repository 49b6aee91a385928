import type { BrokenLaws } from './broken-laws.ts';
import { type Committed, type CommittedJob, readJob, type Write } from './committed.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

const PROOFS = '!proofs!';
const CORDONS = '!cordons!';
/** States in which a VM is on its way to be usable. */
const MAKING = ['creating', 'starting', 'sshReady', 'probing', 'jitConfig', 'runnerOnline'];

interface Order {
  at: number;
  until?: number;
}

/** Milliseconds by which an order may last longer: clocks differ, and the disk may be slow. */
const LATE = 2 * 60_000;

/**
 * A grant of a slot, judged by what was stored before it: a host that has something to prove gets one VM at a time, and
 * a host that an operator cordoned gets none. `now` is on the daemon's clock.
 */
export function checkGrants(
  broken: BrokenLaws,
  committed: Committed,
  writes: readonly Write[],
  now: number,
): void {
  const jobs = writes.flatMap((write) => readJob(write) ?? []);
  const isOf = (key: string) => writes.some((write) => write.key === key);
  for (const job of jobs) {
    const host = job.context.vm?.host;
    const before = committed.job(job.key);
    if (host === undefined || before?.context.vm || topOf(job) !== 'creating') continue;
    const order = committed.read<Order>(`${CORDONS}${host}`);
    if (order && !isOf(`${CORDONS}${host}`) && (order.until === undefined || order.until > now))
      broken.note('a cordoned host gets no job', `${job.context.vm?.name} is made on ${host}`);
    if (!committed.rows.has(`${PROOFS}${host}`) || isOf(`${PROOFS}${host}`)) continue;
    const later = new Map(jobs.map((one) => [one.key, one]));
    const others = committed.jobs().filter(({ key }) => key !== job.key);
    const still = others.map((one) => later.get(one.key) ?? one).filter((one) => isMakingOn(one, host));
    if (still.length > 0)
      broken.note(
        'a host proves itself with one VM at a time',
        `${job.context.vm?.name} is made on ${host} beside ${still[0]?.context.vm?.name}`,
      );
  }
}

/** Slots that stay free although no VM uses them: of a cordoned host, and of one that has something to prove. */
export function openSlots({ committed, daemonNow }: SimulatedWorld, { name }: Mac, free: number): number {
  const order = committed.read<Order>(`${CORDONS}${name}`);
  if (order && (order.until === undefined || order.until > daemonNow())) return 0;
  if (!committed.rows.has(`${PROOFS}${name}`)) return free;
  return committed.jobs().some((job) => isMakingOn(job, name)) ? 0 : Math.min(free, 1);
}

/** An order with an end does not last longer in one life of the daemon than it was meant to (law 13). */
export class OrderLaw {
  /** By order, the daemon's life and epoch ms at which it was seen first in it. */
  readonly #seen = new Map<string, { life: number; since: number }>();

  look(world: SimulatedWorld, life: number, isAwake: boolean): void {
    const now = world.clock.now();
    for (const name of world.macs.keys()) {
      const order = world.committed.read<Order>(`${CORDONS}${name}`);
      // One that is over may still be stored while the disk refuses writes.
      if (!order?.until || order.until <= world.daemonNow()) continue;
      const key = `${name} ${order.at} ${order.until}`;
      const before = this.#seen.get(key);
      const since = before?.life === life ? before.since : now;
      this.#seen.set(key, { life, since });
      if (isAwake && now - since > (order.until - order.at) * 1.03 + LATE)
        world.broken.note('law 13: a wait is never longer than asked', `${name} is still cordoned`);
    }
  }
}

const topOf = ({ value }: CommittedJob) =>
  typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? '');

/** Whether the VM of a record is on its way to be usable. */
export const isMaking = (job: CommittedJob) => MAKING.includes(topOf(job));

const isMakingOn = (job: CommittedJob, host: string) => job.context.vm?.host === host && isMaking(job);
