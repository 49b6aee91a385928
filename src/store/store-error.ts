/** The store cannot be opened or has been closed; the message says where, why, and what mends it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
