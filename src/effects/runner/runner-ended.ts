import { type Failure, failure } from '../../../machines/failure.ts';
import type { RunnerStatus } from '../../guest/scripts/status.ts';

/** What run.sh and run-helper.sh print at nearly every end. */
const OF_THE_WRAPPER =
  /^(?:Exiting runner|Restarting runner|Runner listener exit|Exiting with unknown error code)/;

/**
 * Returns why a runner process ended before it had a job, or before its job was over; null when the job was over, since
 * its end is then not a failure.
 */
export function runnerEnded(runnerName: string, status: RunnerStatus): Failure | null {
  if (status.finishedJob) return null;
  if (status.deprecated && !status.tookJob) {
    return failure(
      'RUNNER_DEPRECATED',
      `GitHub refuses the runner version in the image (runner ${runnerName}): build the image with a current one.`,
    );
  }
  const gone = status.registrationGone ? ' GitHub had removed its registration.' : '';
  const code = status.exitCode === null ? 'without an exit code' : `with exit code ${status.exitCode}`;
  const last = status.lastLines.findLast((line) => !OF_THE_WRAPPER.test(line)) ?? status.lastLines.at(-1);
  const said = status.cause ? ` It said: ${status.cause.line}` : last ? ` Its last line: ${last}` : '';
  const when = status.tookJob ? 'while its job ran' : 'before it had a job';
  const ended = failure(
    status.tookJob ? 'RUNNER_DIED' : 'RUNNER_EXITED',
    `The runner ${runnerName} ended ${code} ${when}.${gone}${said}`,
  );
  return { ...ended, blame: status.cause?.blame ?? ended.blame };
}
