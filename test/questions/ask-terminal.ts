import { jobsCommand } from '../../src/cli/commands/jobs-command.ts';
import { explainCommand } from '../../src/cli/commands/story/explain-command.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import { runCli } from '../cli/cli-process.ts';
import { recordingTerminal } from '../cli/recording-terminal.ts';
import { type Answers, type JobAnswers, oneLine } from './answers.ts';

/** The answers of `check`, `jobs` and `explain`, which ask the running daemon. */
export async function askTerminal(config: string, jobs: readonly Job[]): Promise<Answers> {
  // In a process of its own: only then is the store in use by another one. That takes seconds.
  const checking = runCli(['check', '--config', config]);
  const list = recordingTerminal();
  await jobsCommand({ config }, list.terminal);
  const answers = new Map<number, JobAnswers>();
  for (const { id } of jobs) {
    const row = list.lines.out.find((line) => line.startsWith(`${id} `)) ?? '';
    answers.set(id, await askExplain(config, id, row));
  }
  const { stdout } = await checking;
  const daemon = stdout.split('\n').filter((line) => /^[✗!] (daemon|store|host)/.test(line));
  const wrong = oneLine([...daemon, ...list.lines.out].join('\n'));
  const isWell = !daemon.some((line) => /^. daemon/.test(line)) && !/ lost /.test(list.text());
  return { by: 'terminal', wrong, isWell, stops: wrong.includes('it is not ready'), jobs: answers };
}

/** `row`: what `jobs` says of it. */
async function askExplain(config: string, id: number, row: string): Promise<JobAnswers> {
  const { terminal, lines } = recordingTerminal();
  await explainCommand(id, { config }, terminal);
  const [, state = '', ...rest] = lines.out;
  const facts = new Map(
    rest.slice(0, rest.indexOf('')).map((line) => {
      const [name = '', ...text] = line.trim().split(/: +/);
      return [name, text.join(': ')];
    }),
  );
  const fact = (name: string) => oneLine(facts.get(name) ?? '');
  return {
    state: oneLine(`${state} ${row}`),
    why: fact('Why'),
    who: oneLine(`${fact('Who must act')} ${fact('Ends the wait')}`),
    next: fact('Next'),
    vm: state,
  };
}
