/** Whether a job, or the VM of one, that waits for a slot could use one that becomes free on a host. */
export type Demand = (host: string) => boolean;

/** What still waits when a slot becomes free on each of these hosts: the first in the queue gets the first that it may use. */
export function unmetBy(demand: readonly Demand[], hosts: readonly string[]): Demand[] {
  const free = [...hosts];
  return demand.filter((mayUse) => {
    const place = free.findIndex(mayUse);
    if (place >= 0) free.splice(place, 1);
    return place < 0;
  });
}
