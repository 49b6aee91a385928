import type { Logger } from 'pino';

/** Logs each problem of an image once, however many VMs are made from it. */
export class ImageNotes {
  readonly #log: Logger;
  readonly #said = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs files of a runner's configuration that were in the image and were removed before the launch. */
  leftovers(image: string, files: readonly string[]): void {
    if (files.length === 0 || this.#said.has(image)) return;
    this.#said.add(image);
    this.#log.warn(
      { image, files },
      `the image ${image} holds a runner that was configured already (${files.join(', ')}): its configuration was removed before the launch. Build the image without a run of config.sh`,
    );
  }
}
