import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { StagedDaemon } from '../page/staged-daemon.ts';

const exported = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exported)] });
trace.setGlobalTracerProvider(provider);
afterAll(() => trace.disable());
beforeEach(() => exported.reset());

const ms = ([seconds, nanos]: [number, number]) => seconds * 1000 + nanos / 1e6;
const named = (name: string) => exported.getFinishedSpans().filter((span) => span.name === name);
const phasesOf = (job: ReadableSpan | undefined) =>
  exported
    .getFinishedSpans()
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === job?.spanContext().spanId);

test('a job is one trace whose phases follow each other without a gap, each with its host', async () => {
  const daemon = await StagedDaemon.start();
  const key = daemon.queue(5);
  for (let n = 0; n < 9; n += 1) daemon.next(key);
  daemon.send(key, { type: 'job.completed', conclusion: 'success', here: true });
  daemon.actors.send(key, {
    type: 'xstate.done.actor.watchRunner',
    output: { ended: 'exited', failure: null },
  } as never);
  daemon.tearDown(key);
  expect(daemon.state(key)).toBe('over');
  await daemon.close();

  const [job, ...others] = named('job 5');
  expect(others).toEqual([]);
  expect(job?.attributes).toMatchObject({ 'jeballto.job.id': 5 });
  expect(job?.status.code).toBe(SpanStatusCode.UNSET);
  const phases = phasesOf(job);
  expect(phases.map(({ name }) => name)).toEqual([
    ...['queued', 'creating', 'starting', 'sshReady', 'probing', 'jitConfig', 'runnerOnline', 'running'],
    'tearingDown',
  ]);
  for (const [index, phase] of phases.entries()) {
    expect(phase.spanContext().traceId).toBe(job?.spanContext().traceId);
    expect(phase.startTime).toEqual(phases[index - 1]?.endTime ?? job?.startTime);
    expect(ms(phase.endTime)).toBeGreaterThanOrEqual(ms(phase.startTime));
  }
  expect(phases.at(-1)?.endTime).toEqual(job?.endTime);
  expect(phases[1]?.attributes).toMatchObject({ 'host.name': 'mini-1', 'jeballto.attempt': 1 });
});

test('the spans of a failed phase and of a job that was not served have the reason', async () => {
  const daemon = await StagedDaemon.start();
  const key = daemon.queue(6);
  daemon.next(key);
  daemon.next(key);
  daemon.fail(key, 'VM_START_FAILED', 'It did not start.');
  daemon.tearDown(key);
  expect(daemon.state(key)).toBe('over');
  daemon.send(`${key}.2`, { type: 'operator.cancelled', by: 'ada' });
  await daemon.close();

  const [starting] = named('starting');
  expect(starting?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'VM_START_FAILED' });
  const status = named('job 6').map((span) => span.status);
  expect(status).toEqual([{ code: 0 }, { code: SpanStatusCode.ERROR, message: 'OPERATOR_CANCELLED' }]);
});
