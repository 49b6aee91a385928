import { type Blame, type Failure, type FailureCode, failure } from '../machines/failure.ts';

/**
 * The one error that adapters and effects throw. Its `failure` is what machines, the journal and people see;
 * `cause` stays in this process (law 7: a library's error object may hold a request body). `blame` is given
 * where the code alone does not say who has to act.
 */
export class DaemonError extends Error {
  readonly failure: Failure;

  constructor(
    code: FailureCode,
    message: string,
    options: { retryAt?: number | null; cause?: unknown; blame?: Blame } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DaemonError';
    const { blame, retryAt } = options;
    this.failure = { ...failure(code, message, retryAt ?? null), ...(blame && { blame }) };
  }
}

/** Returns whether `error` is a DaemonError with one of the given codes. */
export function hasCode(error: unknown, ...codes: FailureCode[]): error is DaemonError {
  return error instanceof DaemonError && codes.includes(error.failure.code);
}
