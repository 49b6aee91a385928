/**
 * A response of the simulated agent that is not a success: its HTTP status and the code of its error
 * envelope.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}

export const invalidRequest = (message: string) => new Refusal(400, 'INVALID_REQUEST', message);

/** The agent uses one code for "wrong state" and for "another operation holds this VM". */
export const invalidState = (message: string) => new Refusal(409, 'INVALID_STATE', message);

export const notFound = (what: string) => new Refusal(404, 'NOT_FOUND', `${what} not found`);
