import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Prints what the real run.sh prints, when the test says so through the `control` pipe. It records the digest
// of the secret that it got, and whether a child process of it can be interrupted.
const RUN = `#!/bin/bash
DIR="$(cd -P "$(dirname "$0")" && pwd)"
stamp() { echo "$(date -u '+%Y-%m-%d %H:%M:%S')Z: $1"; }
printf %s "$ACTIONS_RUNNER_INPUT_JITCONFIG" | sha256sum | cut -d' ' -f1 >"$DIR/seen-secret"
echo "$ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE" >"$DIR/seen-deprecated"
bash -c 'trap "echo interruptible" INT; kill -INT $$; :' >"$DIR/seen-interrupt"
unset ACTIONS_RUNNER_INPUT_JITCONFIG
echo '√ Connected to GitHub'
echo
stamp 'Listening for Jobs'
while :; do
  IFS= read -r line <"$DIR/control" || continue
  case $line in
    job\\ *) name=\${line#job }; stamp "Running job: $name"
      "$DIR/bin/Runner.Worker" spawnclient 1 2 & worker=$!; read -r <"$DIR/up" ;;
    done\\ *) kill $worker; wait $worker; stamp "Job $name completed with result: \${line#done }" ;;
    kill-worker) kill $worker; wait $worker ;;
    say\\ *) echo "\${line#say }" ;;
    exit\\ *) exit "\${line#exit }" ;;
  esac
  echo >"$DIR/answer"
done
`;

// It says through `up` that the process has the name of a worker: before that it is a copy of run.sh.
const WORKER = `#!/bin/bash
trap 'kill $!; exit' TERM
echo >"$(dirname "$0")/../up"
sleep 3600 & wait
`;

const CONFIG = `#!/bin/bash
printf '%s\\n' "$@" >"$(dirname "$0")/seen-arguments"
printf %s "$ACTIONS_RUNNER_INPUT_TOKEN" | sha256sum | cut -d' ' -f1 >"$(dirname "$0")/seen-secret"
if [ -f "$(dirname "$0")/refuse" ]; then echo "Http response code: NotFound for $ACTIONS_RUNNER_INPUT_TOKEN"; exit 1; fi
echo '√ Settings Saved.'
`;

/** A home for a guest on this machine, with a simulated runner in it that does what the test tells it. */
export class GuestHome {
  readonly path = mkdtempSync(join(tmpdir(), 'jeballto-guest-'));
  readonly runner = join(this.path, 'actions runner');

  constructor() {
    mkdirSync(join(this.runner, 'bin'), { recursive: true });
    this.put('run.sh', RUN);
    this.put('config.sh', CONFIG);
    this.put('bin/Runner.Worker', WORKER);
    this.put('bin/Runner.Listener', '#!/bin/bash\necho 2.334.0\n');
    for (const pipe of ['control', 'answer', 'up']) execFileSync('mkfifo', [join(this.runner, pipe)]);
  }

  /** Writes an executable into the runner's directory. */
  put(name: string, text: string): void {
    writeFileSync(join(this.runner, name), text, { mode: 0o755 });
  }

  remove(name: string): void {
    rmSync(join(this.runner, name));
  }

  /** Sends the running runner an order and waits until it is carried out (not for `exit`). */
  async tell(order: string): Promise<void> {
    await writeFile(join(this.runner, 'control'), `${order}\n`);
    if (!order.startsWith('exit')) execFileSync('cat', [join(this.runner, 'answer')], { timeout: 10_000 });
  }

  /** What the runner recorded. */
  seen(name: string): string {
    return readFileSync(join(this.runner, `seen-${name}`), 'utf8').trimEnd();
  }

  state(runnerName: string, file: string): string {
    return join(this.path, '.jeballto-runner', runnerName, file);
  }

  writeLog(runnerName: string, text: string): void {
    appendFileSync(this.state(runnerName, 'log'), text);
  }

  /** Kills the supervisor of a runner and everything that it started. */
  killRunner(runnerName: string): void {
    const pid = Number(readFileSync(this.state(runnerName, 'pid'), 'utf8').split('\n', 1)[0]);
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }

  close(): void {
    const launched = join(this.path, '.jeballto-runner');
    try {
      for (const name of readdirSync(launched)) this.killRunner(name);
    } catch {
      // Nothing was launched.
    }
    rmSync(this.path, { recursive: true, force: true });
  }
}
