/** The store cannot be opened, or has been closed. The message is for the operator: where, why, and how to fix it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
