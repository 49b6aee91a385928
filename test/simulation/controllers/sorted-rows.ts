import type { Range } from '../../../src/store/engine.ts';

interface Kept {
  value: string;
  /** Number of the commit that inserted the row. */
  bornIn: number;
}

/** The rows of one table in the order of their keys, which are ASCII. */
export class SortedRows {
  readonly #keys: string[] = [];
  readonly #rows = new Map<string, Kept>();

  copy(): SortedRows {
    const copy = new SortedRows();
    for (const key of this.#keys) copy.put(key, this.get(key) as string, 0);
    return copy;
  }

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): string | undefined {
    return this.#rows.get(key)?.value;
  }

  has(key: string): boolean {
    return this.#rows.has(key);
  }

  put(key: string, value: string, commit: number): void {
    const row = this.#rows.get(key);
    if (row) {
      row.value = value;
      return;
    }
    this.#rows.set(key, { value, bornIn: commit });
    this.#keys.splice(this.#placeOf(key), 0, key);
  }

  /** Whether a deletion finds the row: not one that was inserted after the commit with which the deletion began. */
  wouldDelete(key: string, began: number): boolean {
    const row = this.#rows.get(key);
    return row !== undefined && row.bornIn <= began;
  }

  delete(key: string): void {
    if (this.#rows.delete(key)) this.#keys.splice(this.#placeOf(key), 1);
  }

  read({ gt, lt, reverse = false, limit = Infinity }: Range): { key: string; value: string }[] {
    const from = gt === undefined ? 0 : this.#placeOf(gt) + (this.#rows.has(gt) ? 1 : 0);
    const to = lt === undefined ? this.#keys.length : this.#placeOf(lt);
    const count = Math.max(0, Math.min(limit, to - from));
    const keys = reverse
      ? this.#keys.slice(Math.max(from, to - count), Math.max(from, to)).reverse()
      : this.#keys.slice(from, from + count);
    return keys.map((key) => ({ key, value: this.get(key) as string }));
  }

  /** The place of the first key that is not before the given one. */
  #placeOf(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
