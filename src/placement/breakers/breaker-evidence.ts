/** The last result of a profile on a host. */
interface Result {
  hasFailed: boolean;
  /** Results are numbered from 1 on, over all hosts and profiles. */
  number: number;
}

/**
 * Which profiles failed last on which host, and which hosts failed last with which profile. One failing pair
 * may be the host's fault or the image's; only a second pair shows whose.
 */
export class BreakerEvidence {
  /** By host and profile. */
  readonly #pairs = new Map<string, Map<string, Result>>();
  #results = 0;

  note(host: string, profile: string, hasFailed: boolean): void {
    const profiles = this.#pairs.get(host) ?? new Map<string, Result>();
    this.#results += 1;
    this.#pairs.set(host, profiles.set(profile, { hasFailed, number: this.#results }));
  }

  /** The number of the profile's last result on the host: the higher, the later; 0 when it has none. */
  lastResult(host: string, profile: string): number {
    return this.#pairs.get(host)?.get(profile)?.number ?? 0;
  }

  /** Whether two profiles failed on the host, and none was served there since. */
  speaksAgainstHost(host: string): boolean {
    return [...(this.#pairs.get(host)?.values() ?? [])].filter(({ hasFailed }) => hasFailed).length > 1;
  }

  /** Whether the profile failed on two hosts, and none has served it since. */
  speaksAgainstProfile(profile: string): boolean {
    return [...this.#pairs.values()].filter((profiles) => profiles.get(profile)?.hasFailed).length > 1;
  }

  /** What a failing pair can be compared with, for people. */
  comparedWith(host: string, profile: string): string {
    const others = [...(this.#pairs.get(host)?.keys() ?? [])].filter((other) => other !== profile);
    const elsewhere = [...this.#pairs].filter(([name, of]) => name !== host && of.has(profile));
    if (others.length === 0 && elsewhere.length === 0)
      return 'no other profile was tried on that host, and that profile was tried on no other host, so it may be the fault of either';
    const works = [
      ...others
        .filter((other) => this.#pairs.get(host)?.get(other)?.hasFailed === false)
        .map((other) => `${other} works on ${host}`),
      ...elsewhere
        .filter(([, of]) => of.get(profile)?.hasFailed === false)
        .map(([name]) => `${profile} works on ${name}`),
    ];
    return works.length > 0 ? works.join(', ') : 'nothing else works there either';
  }
}
