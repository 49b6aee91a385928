import { describe, expect, test } from 'vitest';
import type { FailureCode } from '../../machines/failure.ts';
import { type AgentCall, agentFailure, isErrorResponse, pullFailure } from '../../src/agent/agent-failure.ts';
import type { PullOperation } from '../../src/agent/agent-responses.ts';

const vmCall: AgentCall = { host: 'mac-1', what: 'start VM X', method: 'POST', path: '/vms/X/start' };
const createCall: AgentCall = { ...vmCall, what: 'create VM gh-a-1-1', path: '/vms' };
const patchCall: AgentCall = { ...vmCall, what: 'resize VM X', method: 'PATCH', path: '/vms/X' };
const cloneCall: AgentCall = { ...vmCall, what: 'clone VM gh-a-1-1 from X', path: '/vms/X/clone' };
const imageCall: AgentCall = { ...vmCall, what: 'pull image', path: '/images/pull' };

const failedPull: PullOperation = {
  operationId: 'OP',
  reference: 'r.io/x:1',
  status: 'failed',
  progress: 0.5,
  bytesCompleted: 1,
  bytesTotal: 2,
  startedAt: 0,
  digest: null,
  errorCode: null,
  error: 'no route',
};

const table: [number, string, AgentCall, FailureCode][] = [
  [400, 'INVALID_REQUEST', createCall, 'AGENT_REQUEST_REFUSED'],
  [400, 'INVALID_ID', vmCall, 'AGENT_REQUEST_REFUSED'],
  [400, 'INVALID_QUERY_PARAMETER', vmCall, 'AGENT_REQUEST_REFUSED'],
  [400, 'INVALID_RESOURCES', createCall, 'AGENT_REQUEST_REFUSED'],
  [400, 'CREATE_FAILED', createCall, 'IMAGE_INVALID'],
  [400, 'UPDATE_VM_FAILED', patchCall, 'VM_RESIZE_FAILED'],
  [400, 'INVALID_REQUEST', patchCall, 'VM_RESIZE_FAILED'],
  [400, 'INVALID_REFERENCE', imageCall, 'IMAGE_INVALID'],
  [400, 'INVALID_IMAGE', imageCall, 'IMAGE_INVALID'],
  [400, 'UNSUPPORTED_IMAGE_FORMAT', createCall, 'IMAGE_INVALID'],
  [401, 'UNAUTHORIZED', vmCall, 'AGENT_TOKEN_REFUSED'],
  [401, '', vmCall, 'AGENT_TOKEN_REFUSED'],
  [404, 'NOT_FOUND', vmCall, 'VM_NOT_FOUND'],
  [404, 'NOT_FOUND', createCall, 'AGENT_REQUEST_REFUSED'],
  [404, '', vmCall, 'AGENT_REQUEST_REFUSED'],
  [404, 'SSH_NOT_CONFIGURED', vmCall, 'SSH_NOT_READY'],
  [404, 'IMAGE_NOT_FOUND', createCall, 'IMAGE_PULL_FAILED'],
  [404, 'IMAGE_OPERATION_NOT_FOUND', imageCall, 'IMAGE_PULL_FAILED'],
  [405, 'METHOD_NOT_ALLOWED', vmCall, 'AGENT_REQUEST_REFUSED'],
  [409, 'INVALID_STATE', vmCall, 'VM_BUSY'],
  [400, 'CLONE_FAILED', cloneCall, 'BASE_UNUSABLE'],
  [500, 'CLONE_FAILED', cloneCall, 'BASE_UNUSABLE'],
  [504, 'CLONE_FAILED', cloneCall, 'BASE_UNUSABLE'],
  [409, 'INVALID_STATE', cloneCall, 'VM_BUSY'],
  [404, 'NOT_FOUND', cloneCall, 'VM_NOT_FOUND'],
  [409, 'VM_LIMIT_REACHED', vmCall, 'VM_LIMIT_REACHED'],
  [409, 'CAPABILITY_UNAVAILABLE', vmCall, 'AGENT_CAPABILITY_MISSING'],
  [409, 'SSH_ENABLE_FAILED', vmCall, 'SSH_NOT_READY'],
  [409, 'SSH_NOT_CONFIGURED', vmCall, 'SSH_NOT_READY'],
  [409, 'IMAGE_IN_USE', createCall, 'HOST_BUSY'],
  [409, 'MAINTENANCE_IN_PROGRESS', vmCall, 'HOST_MAINTENANCE'],
  [409, 'A_NEW_CONFLICT', vmCall, 'AGENT_ERROR'],
  [413, 'PAYLOAD_TOO_LARGE', vmCall, 'AGENT_REQUEST_REFUSED'],
  [431, 'HEADERS_TOO_LARGE', vmCall, 'AGENT_REQUEST_REFUSED'],
  [429, 'TOO_MANY_REQUESTS', vmCall, 'HOST_BUSY'],
  [429, 'TOO_MANY_IMAGE_OPERATIONS', createCall, 'HOST_BUSY'],
  [499, 'IMAGE_PULL_CANCELLED', createCall, 'IMAGE_PULL_FAILED'],
  [499, 'REQUEST_CANCELLED', vmCall, 'AGENT_ERROR'],
  [500, 'START_FAILED', vmCall, 'VM_START_FAILED'],
  [500, 'CREATE_FAILED', createCall, 'VM_CREATE_FAILED'],
  [500, 'UPDATE_VM_FAILED', patchCall, 'VM_RESIZE_FAILED'],
  [504, 'UPDATE_VM_FAILED', patchCall, 'VM_RESIZE_FAILED'],
  [500, 'DELETE_FAILED', vmCall, 'AGENT_ERROR'],
  [500, 'SSH_ENABLE_FAILED', vmCall, 'SSH_FORWARDING_FAILED'],
  [503, 'SSH_ENABLE_FAILED', vmCall, 'SSH_FORWARDING_FAILED'],
  [500, 'SSH_DISABLE_FAILED', vmCall, 'AGENT_ERROR'],
  [500, 'EXECUTE_FAILED', vmCall, 'AGENT_ERROR'],
  [504, 'EXECUTE_TIMEOUT', vmCall, 'GUEST_COMMAND_FAILED'],
  [500, 'GET_VM_FAILED', vmCall, 'AGENT_ERROR'],
  [500, 'IMAGE_STORE_UNAVAILABLE', createCall, 'AGENT_ERROR'],
  [500, 'INTERNAL_ERROR', vmCall, 'AGENT_ERROR'],
  [500, 'IMAGE_PULL_FAILED', createCall, 'IMAGE_PULL_FAILED'],
  [503, 'IMAGE_PULL_FAILED', createCall, 'REGISTRY_UNREACHABLE'],
  [504, 'IMAGE_PULL_FAILED', createCall, 'IMAGE_PULL_FAILED'],
  [503, 'MAINTENANCE_IN_PROGRESS', vmCall, 'HOST_MAINTENANCE'],
  [503, '', vmCall, 'HOST_BUSY'],
  [502, '', vmCall, 'AGENT_ERROR'],
  [302, '', vmCall, 'AGENT_ERROR'],
];

describe('what a refusal of the agent means', () => {
  test.each(table)('%i %s has one failure code for each kind of call', (status, code, call, expected) => {
    const { failure } = agentFailure(status, code, 'the agent says so', call);
    expect(failure.code).toBe(expected);
  });

  test.each(table)('%i %s names host, call, status and code', (status, code, call) => {
    const { failure } = agentFailure(status, code, 'the agent says so', call);
    for (const part of ['mac-1', call.what, `${call.method} ${call.path}`, `${status}`, code, 'says so']) {
      expect(failure.message).toContain(part);
    }
  });

  test('a full host and maintenance are blocked, so they do not count as failures', () => {
    expect(agentFailure(409, 'VM_LIMIT_REACHED', '', vmCall).failure.disposition).toBe('blocked');
    expect(agentFailure(503, 'MAINTENANCE_IN_PROGRESS', '', vmCall).failure.disposition).toBe('blocked');
  });

  test('a long error message of the agent is cut', () => {
    expect(agentFailure(500, 'INTERNAL_ERROR', 'x'.repeat(5000), vmCall).failure.message.length).toBeLessThan(
      600,
    );
  });

  test('an error is recognised by its exact status and code', () => {
    const error = agentFailure(404, 'NOT_FOUND', '', vmCall);
    expect(isErrorResponse(error, 404, 'NOT_FOUND')).toBe(true);
    expect(isErrorResponse(error, 404, 'SSH_NOT_CONFIGURED')).toBe(false);
    expect(isErrorResponse(new Error('other'), 404, 'NOT_FOUND')).toBe(false);
  });

  test.each<[string | null, FailureCode]>([
    ['IMAGE_PULL_TIMEOUT', 'IMAGE_PULL_FAILED'],
    ['IMAGE_PULL_REGISTRY_UNAVAILABLE', 'REGISTRY_UNREACHABLE'],
    ['IMAGE_PULL_CANCELLED', 'IMAGE_PULL_FAILED'],
    ['INVALID_IMAGE', 'IMAGE_INVALID'],
    ['UNSUPPORTED_IMAGE_FORMAT', 'IMAGE_INVALID'],
    ['INVALID_REFERENCE', 'IMAGE_INVALID'],
    ['IMAGE_PULL_FAILED', 'IMAGE_PULL_FAILED'],
    ['SOMETHING_NEW', 'IMAGE_PULL_FAILED'],
    [null, 'IMAGE_PULL_FAILED'],
  ])('a pull that failed with %s has the code %s', (errorCode, expected) => {
    const { failure } = pullFailure('r.io/x:1', { ...failedPull, errorCode });
    expect(failure.code).toBe(expected);
    expect(failure.message).toContain('r.io/x:1');
    expect(failure.message).toContain('no route');
  });

  test('a pull that a restarted agent forgot is a busy host, so it is started again', () => {
    expect(pullFailure('r.io/x:1', null).failure.code).toBe('HOST_BUSY');
  });
});
