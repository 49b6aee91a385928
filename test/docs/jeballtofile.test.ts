import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runnerKeys } from '../../src/config/sections/runner-keys.ts';
import { agentOpenApiMissing, validateAgentExchange } from '../support/agent-openapi.ts';
import { canRun } from '../support/can-run.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const blueprint = parse(readFileSync(join(ROOT, 'examples/macos-ci.Jeballtofile.yaml'), 'utf8')) as {
  steps: { type: string; command?: string; user?: string; password?: string }[];
};

test('the example Jeballtofile makes an image that fits the defaults of the config', () => {
  expect(blueprint.steps.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['install', 'start', 'stop']),
  );
  const executes = blueprint.steps.filter(({ type }) => type === 'execute');
  const user = runnerKeys.ssh_user.parse(undefined);
  for (const step of executes)
    expect(step).toMatchObject({ user, password: runnerKeys.ssh_password.parse(undefined) });
  const folder = runnerKeys.install_path.parse(undefined).replace(`/Users/${user}`, '~');
  expect(executes.map(({ command }) => command).join('\n')).toContain(`cd ${folder}\n`);
});

describe.runIf(canRun(agentOpenApiMissing(), { onlySomeHaveIt: !process.env.JEBALLTO_OPENAPI }))(
  'against the agent’s OpenAPI description',
  () => {
    test('the example Jeballtofile is a valid request', () => {
      const id = '550e8400-e29b-41d4-a716-446655440000';
      const responseBody = {
        id,
        vmId: id,
        status: 'running',
        currentStep: 0,
        totalSteps: 9,
        message: 'started',
      };
      const exchange = {
        method: 'POST',
        path: '/jeballtofiles',
        requestBody: blueprint,
        status: 202,
        responseBody,
      };
      expect(validateAgentExchange(exchange)).toEqual([]);
    });

    test('every body of a curl command in docs/images.md is valid', () => {
      const id = '550e8400-e29b-41d4-a716-446655440000';
      const page = readFileSync(join(ROOT, 'docs/images.md'), 'utf8').replaceAll(/\\\n\s*/g, ' ');
      const calls = [...page.matchAll(/8011\/v1(\S+)\s+-d '(.*)'$/gm)];
      expect(calls.length).toBe(4);
      const departures = calls.flatMap(([, path = '', body = '']) =>
        validateAgentExchange({
          method: 'POST',
          path: path.replace('$VM', id),
          requestBody: JSON.parse(body.replaceAll("'$VM'", id)),
          status: 401,
          responseBody: { error: { code: 'UNAUTHORIZED', message: 'No' } },
        }),
      );
      expect(departures).toEqual([]);
    });
  },
);
