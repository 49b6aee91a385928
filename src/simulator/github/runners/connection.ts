import { type Assignments, offer } from '../jobs/assignment.ts';
import { Refusal } from '../refusal.ts';
import { scheduleCleanup } from './removal.ts';
import { changeRunner, isDeprecated, type Runner, type Runners } from './runners.ts';
import { noSuchRunner, type RunnerMessage, Session } from './session.ts';

export interface SessionRequest {
  clientId: string;
  secret: string;
  version: string;
  os: string;
  /** Epoch ms by the guest's clock. */
  time: number;
}

/** Milliseconds by which a guest's clock may be off. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Connects a runner: it is online and may be given jobs. Refuses a removed one (401 invalid_client), a
 * wrong clock (400), and a second session while the first is open (409).
 */
export function openSession(world: Assignments, request: SessionRequest): Session {
  const runner = authenticated(world, request);
  if (runner === null) {
    throw new Refusal(401, 'The registration does not exist.', { kind: 'invalid_client' });
  }
  const now = world.clock.now();
  if (Math.abs(request.time - now) > CLOCK_TOLERANCE_MS) {
    const message = `The bearer token is not valid. Current server time is ${new Date(now).toISOString()}.`;
    throw new Refusal(400, message, { kind: 'VssOAuthTokenRequestException' });
  }
  if (world.sessions.has(runner.id)) {
    const message = `The runner ${runner.name} already has an active session.`;
    throw new Refusal(409, message, { kind: 'TaskAgentSessionConflictException' });
  }
  const session = new Session(world.ids.guid(), runner, () => disconnected(world, session));
  world.sessions.set(runner.id, session);
  changeRunner(world, runner, { status: 'online', os: request.os, version: request.version });
  expectContact(world, session);
  scheduleCleanup(world, runner);
  offer(world, runner);
  return session;
}

/** Returns the session of this id that this runner opened. Throws a Refusal when it no longer exists. */
export function sessionOf(world: Assignments, id: string, clientId: string, secret: string): Session {
  const runner = authenticated(world, { clientId, secret });
  if (runner === null) throw noSuchRunner();
  const session = world.sessions.get(runner.id);
  if (session?.id === id) return session;
  throw new Refusal(401, `Session ${id} has ended.`, { kind: 'TaskAgentSessionExpiredException' });
}

/**
 * Waits for a message as long as `signal` allows and GitHub keeps a request open; null when none came. A
 * runner whose version is too old gets a 403 from this call, not when it connects.
 */
export async function nextMessage(
  world: Assignments,
  session: Session,
  signal: AbortSignal,
): Promise<RunnerMessage | null> {
  session.throwIfEnded();
  const { version } = session.runner.state;
  if (isDeprecated(world, session.runner)) {
    const message = `Runner version v${version} is deprecated and cannot receive messages.`;
    throw new Refusal(403, message, { kind: 'AccessDeniedException' });
  }
  session.silence?.cancel();
  const timeout = new AbortController();
  const until = world.clock.now() + world.options.timings.longPoll;
  const end = world.alarms.set(until, () => timeout.abort());
  try {
    return await session.next(AbortSignal.any([signal, timeout.signal]));
  } finally {
    end.cancel();
    expectContact(world, session);
  }
}

function expectContact(world: Assignments, session: Session): void {
  session.silence?.cancel();
  if (world.sessions.get(session.runner.id) !== session) return;
  const until = world.clock.now() + world.options.timings.offlineAfter;
  session.silence = world.alarms.set(until, () => session.close('expired'));
}

function disconnected(world: Assignments, session: Session): void {
  const { runner } = session;
  world.sessions.delete(runner.id);
  changeRunner(world, runner, { status: 'offline' });
  scheduleCleanup(world, runner);
}

function authenticated(
  world: Runners,
  { clientId, secret }: Pick<SessionRequest, 'clientId' | 'secret'>,
): Runner | null {
  for (const runner of world.runners.values()) {
    if (runner.clientId === clientId && runner.secret === secret) return runner;
  }
  return null;
}
