import { counted } from '../../format.js';
import { type Terminal, usesColor } from '../command.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import { Redraw } from '../terminal/redraw.ts';
import { printable } from '../terminal/terminal-text.ts';
import type { DemoControllers } from './controllers/demo-controllers.ts';
import { type DemoActions, KEYS } from './demo-actions.ts';
import { DemoLines, messageOf } from './demo-lines.ts';
import { demoScreen } from './demo-screen.ts';
import { type DemoState, isQuiet, STEPS } from './demo-state.ts';

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** Lines of the daemon that are kept for the end. */
const MAX_KEPT_LINES = 8;

export interface DemoViewOptions {
  terminal: Terminal;
  /** True where a program reads standard output. */
  toStderr: boolean;
  world: SimulatedWorld;
  /** Null where nobody is asked to do anything. */
  actions: DemoActions | null;
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
  /** The last warnings and errors of the daemon, shown when the demonstration failed. */
  readonly troubles: string[] = [];
  /** The last lines that the daemon wrote. */
  readonly lastLines: string[] = [];
  readonly #actions: DemoActions | null;
  /** How many take-overs were told. */
  #told = 0;
  /** How many jobs there were when `sayQuiet` last wrote. */
  #saidQuiet = 0;

  constructor({ terminal, toStderr, world, actions }: DemoViewOptions) {
    this.#stream = toStderr ? process.stderr : process.stdout;
    this.#write = toStderr ? (text) => terminal.err(text) : (text) => terminal.out(text);
    this.#redraw = this.#stream.isTTY ? new Redraw((text) => this.#stream.write(text)) : null;
    this.#world = world;
    this.#actions = actions;
    this.#terminal = terminal;
    this.#beganAt = terminal.clock.now();
  }

  /** True where a table is redrawn. */
  get isLive(): boolean {
    return this.#redraw !== null;
  }

  say(text: string): void {
    this.#redraw?.end();
    this.#write(text);
  }

  /** Takes a line of the daemon's log. */
  logLine(line: string): void {
    const name = (id: number) => this.#world.github.world.jobs.get(id)?.spec.name;
    const told = this.#lines.read(line, this.#seconds(), name);
    keepLast(this.lastLines, messageOf(line));
    if (/"level":"(warn|error|fatal)"|^[^{]/.test(line)) keepLast(this.troubles, line);
    if (told !== null && !this.#redraw) this.#write(told);
  }

  /** `answers`: whether the active daemon does now. */
  show(state: DemoState, controllers: DemoControllers, answers: boolean): void {
    if (!this.#redraw) return;
    const { kills, takeOvers, areSeveral } = controllers;
    const over = state.jobs.filter(({ step }) => step === STEPS.length - 1).length;
    const facts = [
      `${over} of ${counted(state.jobs.length, 'job')} over`,
      `${counted(state.vmsCreated, 'VM')} made, ${state.vms.length} there`,
      `${this.#seconds().toFixed(0)} s`,
      wordFor(controllers, answers),
      ...(kills > 0 ? [`killed ${counted(kills, 'time')}`] : []),
      ...(areSeveral && takeOvers.length > 0 ? [`take-over ${seconds(takeOvers.at(-1) ?? 0)}`] : []),
    ];
    const foot = [`  ${facts.join(' · ')}`];
    if (this.#actions) foot.push(`  ${KEYS}`, `  ${this.#actions.said}`);
    const { columns = 80, rows = 24 } = this.#stream;
    const color = usesColor(this.#stream, this.#terminal.env);
    this.#redraw.draw(demoScreen(state, { columns, rows, color }, foot));
  }

  killed(name: string, times: number): void {
    this.#tell(`${name} was killed (SIGKILL, number ${times}) and is started again`);
  }

  /** Tells a take-over that was not told before. One daemon alone takes over from nobody. */
  tookOver({ takeOvers, areSeveral, last }: DemoControllers): void {
    if (!areSeveral || takeOvers.length === this.#told) return;
    this.#told = takeOvers.length;
    this.#tell(`${last.name} is the active one, ${seconds(takeOvers.at(-1) ?? 0)} after the kill`);
  }

  #tell(sentence: string): void {
    if (!this.#redraw) this.#write(`${this.#seconds().toFixed(1).padStart(6)}s  ${sentence}`);
  }

  /** Says once, and again after more was pushed, what can be tried now that nothing moves. */
  sayQuiet(state: DemoState): void {
    if (this.#redraw || state.jobs.length === this.#saidQuiet || !isQuiet(state)) return;
    this.#saidQuiet = state.jobs.length;
    const waiting = state.jobs.filter(({ state: word }) => word === 'waiting').map(({ name }) => `"${name}"`);
    const besides = waiting.length > 0 ? `, except what waits for approval: ${waiting.join(', ')}` : '';
    this.#write(`\nAll jobs are over, and nothing of them is left${besides}.`);
    for (const { name, why } of state.jobs) if (why) this.#write(`  ${printable(name)}: ${printable(why)}`);
    if (this.#actions) this.#write(`\n${this.#actions.commands()}`);
  }

  end(): void {
    this.#redraw?.end();
  }

  #seconds(): number {
    return (this.#terminal.clock.now() - this.#beganAt) / 1000;
  }
}

function wordFor({ last, areSeveral }: DemoControllers, answers: boolean): string {
  if (!areSeveral) return answers ? `daemon ${last.process.pid}` : 'daemon starting';
  return answers ? `${last.name} is active` : 'no controller is active';
}

function keepLast(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > MAX_KEPT_LINES) lines.shift();
}
