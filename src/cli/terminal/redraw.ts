/** Draws lines over those that it drew before. It overwrites anything that is written in between. */
export class Redraw {
  readonly #write: (text: string) => void;
  #drawn = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  draw(lines: readonly string[]): void {
    const hide = this.#drawn === 0 ? '\x1b[?25l' : `\x1b[${this.#drawn}A`;
    this.#write(`${hide}${lines.map((line) => `\x1b[2K${line}\n`).join('')}\x1b[0J`);
    this.#drawn = lines.length;
  }

  /** Shows the cursor again; the drawn lines stay. */
  end(): void {
    if (this.#drawn > 0) this.#write('\x1b[?25h');
    this.#drawn = 0;
  }
}
