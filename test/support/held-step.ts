import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Seconds after which the step ends by itself, so that a test that failed leaves no process. */
const LONGEST = 300;

/** A step of a job that goes on until the test ends it: a length of time is too short on some machine. */
export class HeldStep implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'jeballto-held-step-'));

  /** What the runner executes; afterwards the `next` command. */
  command(next = 'true'): string {
    return `for n in $(seq ${LONGEST * 10}); do if [ -e ${this.#folder}/ended ]; then break; fi; sleep 0.1; done; ${next}`;
  }

  end(): void {
    writeFileSync(join(this.#folder, 'ended'), '');
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
