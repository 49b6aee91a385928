/** VMs of one image: how many came to work, and how many failed. */
export interface Tally {
  served: number;
  failed: number;
}

/**
 * The chance, in [0, 1], that at least so many of the failures fall on `tried` as did, if both images fail
 * equally often: Fisher's exact test, one-sided. It is exact for the few VMs of a trial, where the usual
 * approximations are wrong, and needs no guess of how often an image should fail.
 */
export function failureChance(tried: Tally, old: Tally): number {
  const ofTried = tried.served + tried.failed;
  const ofOld = old.served + old.failed;
  const failures = tried.failed + old.failed;
  const all = logChoose(ofTried + ofOld, failures);
  let chance = 0;
  for (let failed = tried.failed; failed <= Math.min(ofTried, failures); failed += 1) {
    const rest = failures - failed;
    if (rest <= ofOld) chance += Math.exp(logChoose(ofTried, failed) + logChoose(ofOld, rest) - all);
  }
  return Math.min(1, chance);
}

/** The logarithm of the number of ways to take `some` of `all`. */
function logChoose(all: number, some: number): number {
  let sum = 0;
  for (let n = 1; n <= some; n += 1) sum += Math.log((all - some + n) / n);
  return sum;
}
