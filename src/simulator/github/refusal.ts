/** A response of the simulated GitHub that is not a success. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The Actions service names its exceptions; REST does not. */
  readonly kind: string | null;

  constructor(
    status: number,
    message: string,
    options: { headers?: Readonly<Record<string, string>>; kind?: string } = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.headers = options.headers ?? {};
    this.kind = options.kind ?? null;
  }
}

/** GitHub's 404, which may mean "does not exist" or "not for you". */
export function notFound(): Refusal {
  return new Refusal(404, 'Not Found');
}
