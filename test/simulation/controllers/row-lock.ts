/** The lock of one row: who asks first has it first. */
export class RowLock {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when the row is locked; the function that it returns unlocks it. */
  async lock(): Promise<() => void> {
    let unlock = () => {};
    const before = this.#last;
    this.#last = new Promise((resolve) => {
      unlock = resolve;
    });
    await before;
    return unlock;
  }
}
