/** The store cannot be opened, or has been closed. The message is for the operator: where, why, and how to fix it. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
}

/** Another daemon writes to this database now, so nothing that this one writes will ever be stored. */
export class TakenOverError extends StoreError {
  override readonly name = 'TakenOverError';
}
