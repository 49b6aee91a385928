/**
 * The first number of each kind: beyond 32 bits where GitHub's are, so that code that assumes small ids
 * fails.
 */
const FIRST = {
  account: 9_919,
  repository: 1_296_269,
  workflow: 161_335,
  run: 18_200_000_001,
  job: 51_300_000_001,
  runner: 21,
  label: 301,
  group: 3,
  hook: 109_948_940,
} as const;

const FIRST_DELIVERY = 1_402_000_000_000_000_000n;

export type Kind = keyof typeof FIRST;

/** Numbers and secrets of the simulated GitHub; with a seeded source they repeat. */
export class Identifiers {
  private readonly random: () => number;
  private readonly given = new Map<Kind, number>();
  private deliveries = 0n;

  constructor(random: () => number) {
    this.random = random;
  }

  next(kind: Kind): number {
    const count = this.given.get(kind) ?? 0;
    this.given.set(kind, count + 1);
    return FIRST[kind] + count;
  }

  /** Ids of deliveries have 19 digits, more than a number of JavaScript holds exactly. */
  delivery(): bigint {
    this.deliveries += 1n;
    return FIRST_DELIVERY + this.deliveries;
  }

  guid(): string {
    return [8, 4, 4, 4, 12].map((length) => this.hex(length)).join('-');
  }

  hex(length: number): string {
    return this.draw(length, '0123456789abcdef');
  }

  /** Letters and digits, as in tokens. */
  secret(length: number): string {
    return this.draw(length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
  }

  bytes(length: number): Buffer {
    return Buffer.from(this.hex(2 * length), 'hex');
  }

  private draw(length: number, alphabet: string): string {
    let text = '';
    for (let i = 0; i < length; i += 1) text += alphabet[Math.floor(this.random() * alphabet.length)];
    return text;
  }
}
