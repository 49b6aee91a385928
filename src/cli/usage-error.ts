/** What the command line asks for cannot be done; the message is for whoever wrote it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
