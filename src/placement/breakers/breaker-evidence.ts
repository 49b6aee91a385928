/**
 * Which profiles failed last on which host, and which hosts failed last with which profile. One failing pair
 * may be the host's fault or the image's; only a second pair shows whose.
 */
export class BreakerEvidence {
  /** By host and profile, whether the last attempt failed. */
  readonly #pairs = new Map<string, Map<string, boolean>>();

  note(host: string, profile: string, hasFailed: boolean): void {
    const profiles = this.#pairs.get(host) ?? new Map<string, boolean>();
    this.#pairs.set(host, profiles.set(profile, hasFailed));
  }

  /** Whether two profiles failed on the host, and none was served there since. */
  speaksAgainstHost(host: string): boolean {
    return [...(this.#pairs.get(host)?.values() ?? [])].filter(Boolean).length > 1;
  }

  /** Whether the profile failed on two hosts, and none has served it since. */
  speaksAgainstProfile(profile: string): boolean {
    return [...this.#pairs.values()].filter((profiles) => profiles.get(profile)).length > 1;
  }

  /** What a failing pair can be compared with, for people. */
  comparedWith(host: string, profile: string): string {
    const others = [...(this.#pairs.get(host)?.keys() ?? [])].filter((other) => other !== profile);
    const elsewhere = [...this.#pairs].filter(([name, of]) => name !== host && of.has(profile));
    if (others.length === 0 && elsewhere.length === 0)
      return 'no other profile was tried on that host, and that profile was tried on no other host, so it may be the fault of either';
    const works = [
      ...others
        .filter((other) => this.#pairs.get(host)?.get(other) === false)
        .map((other) => `${other} works on ${host}`),
      ...elsewhere
        .filter(([, of]) => of.get(profile) === false)
        .map(([name]) => `${profile} works on ${name}`),
    ];
    return works.length > 0 ? works.join(', ') : 'nothing else works there either';
  }
}
