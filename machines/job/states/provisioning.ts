import { assign } from 'xstate';
import { withFailure, withOutput } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { guestOf, type JobContext, NO_JOB, runnerOf, type Vm, vmIdOf, vmOf } from '../context.ts';
import { begin, type JobSetup } from '../vocabulary/setup.ts';
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
      description: sentences(
        'Entered when a slot is granted.',
        'The VM is created under its name, from a base VM or the image of the profile, and gets its size; success leads to `starting`.',
        'If another VM has the name, the next name is tried; if the host needs long to pull the image, the attempt ends while the pull goes on.',
      ),
    },
    s.createStateConfig({
      invoke: {
        id: 'createVm',
        src: 'createVm',
        input: ({ context }) => {
          const { host, name, profile, image } = vmOf(context);
          return { host, vmName: name, profile, image, isWarm: context.job.id === NO_JOB };
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
      description: sentences(
        'Entered when the VM is created.',
        'The VM is powered on if it does not run yet; once the agent reports it as running, this leads to `sshReady`.',
      ),
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
      description: sentences(
        'Entered when the VM runs.',
        "The daemon asks for the guest's address and logs in by SSH; a successful login leads to `probing`.",
      ),
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
      description: sentences(
        'Entered after the first SSH login.',
        'The guest is checked for run.sh, config.sh, bash and git, and for a correct clock.',
        'Success leads to `jitConfig`, or to `warm` if the VM has no job.',
      ),
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

/** A pause or a refusal in the earlier scope does not hold back a request in the other one. */
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
      description: sentences(
        'Entered when the VM is ready and has a job, and when the configuration of a runner was lost before its launch.',
        'GitHub is asked whether the job is still queued, and then for a configuration of the runner, which stays in memory; success leads to `runnerOnline`.',
        'A runner name that is already taken at GitHub is replaced by the next one; an exchange for a fitting job starts the request again if one is running or if the runner needs another scope.',
      ),
    },
    s.createStateConfig({
      // The running effect reads the earlier job, and would reject if another runner has taken that one.
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
