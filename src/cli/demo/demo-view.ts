import type { Terminal } from '../command.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import { pushExample } from '../simulation/world-config.ts';
import { Redraw } from '../terminal/redraw.ts';
import { DemoLines } from './demo-lines.ts';
import { demoScreen } from './demo-screen.ts';
import { type DemoState, isClean, PIPELINE } from './demo-state.ts';

/** Warnings and errors that are kept for the end. */
const MAX_TROUBLES = 12;

export interface DemoViewOptions {
  terminal: Terminal;
  /** True where a program reads standard output. */
  toStderr: boolean;
  world: SimulatedWorld;
}

/** Shows a demonstration: a table that is redrawn at a terminal, else a line for each step. */
export class DemoView {
  readonly #write: (text: string) => void;
  readonly #stream: NodeJS.WriteStream;
  readonly #redraw: Redraw | null;
  readonly #lines = new DemoLines();
  readonly #world: SimulatedWorld;
  readonly #terminal: Terminal;
  readonly #beganAt: number;
  /** The last warnings and errors of the daemon, shown when the demonstration did not go well. */
  readonly troubles: string[] = [];
  /** How many jobs there were when `sayOver` last said that all are over. */
  #saidOver = 0;

  constructor({ terminal, toStderr, world }: DemoViewOptions) {
    this.#stream = toStderr ? process.stderr : process.stdout;
    this.#write = toStderr ? (text) => terminal.err(text) : (text) => terminal.out(text);
    this.#redraw = this.#stream.isTTY ? new Redraw((text) => this.#stream.write(text)) : null;
    this.#world = world;
    this.#terminal = terminal;
    this.#beganAt = terminal.clock.now();
  }

  say(text: string): void {
    this.#redraw?.end();
    this.#write(text);
  }

  /** Takes a line of the daemon's log. */
  logLine(line: string): void {
    const name = (id: number) => this.#world.github.world.jobs.get(id)?.spec.name;
    const told = this.#lines.read(line, this.#seconds(), name);
    if (/"level":"(warn|error|fatal)"|^[^{]/.test(line)) {
      this.troubles.push(line);
      if (this.troubles.length > MAX_TROUBLES) this.troubles.shift();
    }
    if (told !== null && !this.#redraw) this.#write(told);
  }

  show(state: DemoState, daemon: string, kills: number): void {
    if (this.#redraw && state.jobs.length > this.#saidOver) {
      const over = state.jobs.filter(({ step }) => step === PIPELINE.length - 1).length;
      const killed = kills > 0 ? ` · killed ${kills} times` : '';
      const foot = `  ${over} of ${state.jobs.length} over · ${state.vmsCreated} VMs made, ${state.vms.length} there · ${daemon}${killed} · ${this.#seconds().toFixed(0)} s`;
      const { columns = 80, rows = 24 } = this.#stream;
      this.#redraw.draw(
        demoScreen(state, { columns, rows, color: this.#terminal.env.NO_COLOR === undefined }, foot),
      );
    }
  }

  killed(times: number): void {
    if (!this.#redraw)
      this.#write(
        `${this.#seconds().toFixed(1).padStart(6)}s  the daemon was killed (SIGKILL, number ${times}) and is started again`,
      );
  }

  /** Says once, and again after more was pushed, that all jobs are over while the world stays up. */
  sayOver(state: DemoState): void {
    if (state.jobs.length === this.#saidOver || !isClean(state)) return;
    this.#saidOver = state.jobs.length;
    this.say(`
All ${state.jobs.length} jobs are over and nothing of them is left. Everything stays up until Ctrl-C; push more:
  ${pushExample(this.#world.github.url)}`);
  }

  end(): void {
    this.#redraw?.end();
  }

  #seconds(): number {
    return (this.#terminal.clock.now() - this.#beganAt) / 1000;
  }
}
