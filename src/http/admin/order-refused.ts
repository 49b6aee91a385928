/** An operator's order that cannot be carried out; the message says why and what to do instead. */
export class OrderRefused extends Error {
  override readonly name = 'OrderRefused';
  /** 404 for what is not there, 409 for what does not allow it now. */
  readonly status: 404 | 409;

  constructor(status: 404 | 409, message: string) {
    super(message);
    this.status = status;
  }
}
