import { firstOf } from './life.ts';
import type { LifeParts } from './life-ports.ts';
import { refused } from './refused.ts';
import { checkGitHubRequest } from './request-laws.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Sends a request of the daemon to the simulated GitHub. */
export async function fetchFromGitHub(
  { world, life, seat }: LifeParts,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const { clock, githubApp } = world;
  const { signal: stops, letGo } = firstOf(life.ended, init.signal);
  const epoch = () => (seat ? seat.epochOf(life) : 0);
  const began = epoch();
  // A process that becomes active again begins from the records, which do not have what it got before.
  const canUse = () => life.isAlive && began !== null && epoch() === began;
  const failed = (code: string) => Object.assign(new TypeError('fetch failed'), { cause: refused(code) });
  try {
    await clock.sleepUntil(clock.now() + world.latency() + (seat?.lateness() ?? 0), stops);
    if (seat?.toWorld.isCut) throw failed('ENOTFOUND');
    if (world.isGitHubUnplugged) throw failed('ENOTFOUND');
    const method = init.method ?? 'GET';
    const address = new URL(url);
    const { pathname } = address;
    checkGitHubRequest(world, method, pathname, init.body as string | null);
    const cutOff = new Promise<never>((_resolve, reject) => {
      stops.addEventListener('abort', () => reject(stops.reason), { once: true });
    });
    const asked = Promise.resolve(githubApp.fetch(requestOf(url, method, init, stops)));
    if (method === 'DELETE') {
      const handled = () => world.deletes.delete(address);
      world.deletes.add(address);
      void asked.then(handled, handled);
    }
    const answer = await Promise.race([asked, cutOff]);
    world.trace(`github: ${method} ${pathname} → ${answer.type === 'error' ? 'cut' : answer.status}`);
    if (answer.type === 'error') throw failed('ECONNRESET');
    if (method === 'POST' && answer.status === 201) await keepSecrets(world, answer.clone(), canUse);
    await clock.sleepUntil(clock.now() + world.latency(), stops);
    return answer;
  } finally {
    letGo();
  }
}

/** What the app reads of a request: a Request of Node costs more than most responses. */
function requestOf(
  url: string,
  method: string,
  { body, headers }: RequestInit,
  signal: AbortSignal,
): Request {
  const text = async () => String(body ?? '');
  return { url, method, headers: new Headers(headers), signal, text } as Partial<Request> as Request;
}

/** Notes as secrets all values that GitHub issues for making runners, and which runner one is for. */
async function keepSecrets(
  { secrets, ledger }: SimulatedWorld,
  answer: Response,
  canUse: () => boolean,
): Promise<void> {
  const { encoded_jit_config: config, token, runner } = (await answer.json()) as Record<string, unknown>;
  for (const secret of [config, token]) if (typeof secret === 'string') secrets.add(secret);
  if (typeof config === 'string') ledger.handOut((runner as { name: string }).name, { canUse });
}
