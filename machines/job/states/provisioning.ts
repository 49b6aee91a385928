import { assign } from 'xstate';
import { withFailure, withOutput } from '../../effect-ends.ts';
import { guestOf, type JobContext, NO_JOB, runnerOf, type Vm, vmIdOf, vmOf } from '../context.ts';
import { begin, type JobSetup } from '../setup.ts';
import { to } from './goals.ts';
import { beforeTheRunner } from './outside-facts.ts';
import { onEffectError, provisioningState } from './provisioning-state.ts';

const found = (context: JobContext, facts: Partial<Vm>) => ({ vm: { ...vmOf(context), ...facts } });

export function creating(s: JobSetup) {
  return provisioningState(
    s,
    {
      timeout: 'creating',
      doing: 'Creating the VM',
      description: 'The image is brought to the host and the VM made from it, by name and sized.',
    },
    s.createStateConfig({
      invoke: {
        id: 'createVm',
        src: 'createVm',
        input: ({ context }) => {
          const { host, name, profile } = vmOf(context);
          return { host, vmName: name, profile, isWarm: context.job.id === NO_JOB };
        },
        onDone: {
          target: to('starting'),
          actions: [
            assign(({ context, event }) => found(context, { id: event.output.vmId })),
            begin('starting'),
          ],
        },
        onError: [
          {
            guard: withFailure('is the VM name spent'),
            target: 'waiting',
            actions: [withFailure('noteFailure'), 'takeVmName'],
          },
          ...onEffectError,
        ],
      },
    }),
  );
}

export function starting(s: JobSetup) {
  return provisioningState(
    s,
    {
      timeout: 'starting',
      doing: 'Starting the VM',
      description: 'The VM is powered on; a full host is waited for here.',
    },
    s.createStateConfig({
      invoke: {
        id: 'startVm',
        src: 'startVm',
        input: ({ context }) => ({ host: vmOf(context).host, vmId: vmIdOf(context) }),
        onDone: {
          target: to('sshReady'),
          actions: [
            assign(({ context, event }) => found(context, { expiresAt: event.output.expiresAt })),
            begin('sshReady'),
          ],
        },
        onError: onEffectError,
      },
    }),
  );
}

export function sshReady(s: JobSetup) {
  return provisioningState(
    s,
    {
      timeout: 'sshReady',
      doing: 'Reaching the guest by SSH',
      description: 'The guest gets an address, shows its SSH banner and lets us log in.',
    },
    s.createStateConfig({
      invoke: {
        id: 'connectGuest',
        src: 'connectGuest',
        input: ({ context }) => {
          const { host, hostKey } = vmOf(context);
          return { host, vmId: vmIdOf(context), hostKey };
        },
        onDone: {
          target: to('probing'),
          actions: [
            assign(({ context, event }) =>
              found(context, { address: event.output.address, hostKey: event.output.hostKey }),
            ),
            begin('probing'),
          ],
        },
        onError: onEffectError,
      },
    }),
  );
}

export function probing(s: JobSetup) {
  return provisioningState(
    s,
    {
      timeout: 'probing',
      doing: 'Probing the guest',
      description: 'The guest is asked for run.sh, config.sh, bash and git.',
    },
    s.createStateConfig({
      invoke: {
        id: 'probeGuest',
        src: 'probeGuest',
        input: ({ context }) => guestOf(context),
        onDone: [
          {
            guard: 'is there no job',
            target: to('warm'),
            actions: [withOutput('noteRunnerVersion'), begin('warm')],
          },
          {
            target: to('jitConfig'),
            actions: [withOutput('noteRunnerVersion'), 'takeRunnerName', begin('jitConfig')],
          },
        ],
        onError: onEffectError,
      },
    }),
  );
}

/** A pause, or a refusal, that was about the earlier scope holds nothing back in the other one. */
const anotherScope = {
  guard: 'does the exchanged job need a runner of another scope',
  target: '.acting',
  actions: 'takeJobAndScope',
} as const;

export function jitConfig(s: JobSetup) {
  const state = provisioningState(
    s,
    {
      timeout: 'jitConfig',
      doing: 'Obtaining a runner configuration from GitHub',
      description: 'The runner takes a name, and GitHub gives it a configuration that stays in memory.',
    },
    s.createStateConfig({
      // The effect in flight looks at the job that was ours, and would reject when it finds that one taken.
      on: {
        'job.exchanged': {
          guard: 'does the exchanged job fit this VM',
          target: 'acting',
          reenter: true,
          actions: 'takeJobAndScope',
        },
      },
      invoke: {
        id: 'obtainRunnerConfig',
        src: 'obtainRunnerConfig',
        input: ({ context }) => ({
          owner: context.job.owner,
          repository: context.job.repository,
          jobId: context.job.id,
          scope: runnerOf(context).scope,
          profile: vmOf(context).profile,
          runnerName: runnerOf(context).name,
        }),
        onDone: {
          target: to('runnerOnline'),
          actions: [
            assign(({ context, event }) => ({
              runner: {
                ...runnerOf(context),
                id: event.output.runnerId,
                mode: event.output.mode,
              },
            })),
            'beginOnline',
          ],
        },
        onError: [
          {
            guard: withFailure('is the runner name spent'),
            target: 'waiting',
            actions: [withFailure('noteFailure'), 'takeRunnerName'],
          },
          ...onEffectError,
        ],
      },
    }),
  );
  const on = { ...beforeTheRunner, 'job.exchanged': [anotherScope, ...beforeTheRunner['job.exchanged']] };
  return { ...state, on };
}
