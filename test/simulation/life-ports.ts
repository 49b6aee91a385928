import type { Hono } from 'hono';
import { AnswerTooLarge, type HttpRequest, type HttpResponse } from '../../src/agent/agent-sender.ts';
import type { Ports } from '../../src/controller/outside/ports.ts';
import type { GuestOptions } from '../../src/guest/open-guest.ts';
import { answerRequest, type ClientSignals } from '../../src/simulator/agent/http/exchange.ts';
import { parseQuery, type RequestHead } from '../../src/simulator/agent/http/request-head.ts';
import { LevelEngine } from '../../src/store/leveldb/level-engine.ts';
import { Store } from '../../src/store/store.ts';
import type { Chance } from './chance.ts';
import { type OpenDisk, openCommitted } from './committed-database.ts';
import { firstOf, type Life, never, Stop } from './life.ts';
import type { RecordLaws } from './record-laws.ts';
import { checkAgentRequest, checkGitHubRequest, checkLaunch } from './request-laws.ts';
import { AGENT_TOKEN, type Mac, type SimulatedWorld } from './simulated-world.ts';
import { spoilVms } from './untruths.ts';

export interface LifeParts {
  world: SimulatedWorld;
  life: Life;
  laws: RecordLaws;
  chance: Chance;
  /** The draws for untrue statements to the daemon. */
  untruths: Chance;
  /** In memory by default. */
  openDisk?: OpenDisk;
  /** The daemon dies at this point. */
  crash(at: string): void;
  /** Receives the app that would be served at an address of the config. */
  serve(key: string, app: Hono): void;
}

/**
 * Replaces sockets, disk and chance for one life of the daemon. Each request or write passes three crash
 * points.
 */
export function lifePorts(parts: LifeParts): Ports {
  const { world, life, laws, chance, openDisk = openCommitted } = parts;
  return {
    openStore: async (options) => {
      const database = await openDisk(world.committed, (writes, apply) =>
        passing(parts, `a write of ${writes.length}`, async () => {
          const written = world.clock.now() + chance.between(0, world.scenario.slowestWrite);
          await life.guard(world.clock.sleepUntil(written));
          if (world.isDiskFull) throw new Error('no space left on device');
          laws.beforeCommit(world.committed, writes);
          apply();
          laws.afterCommit(world.committed);
        }),
      );
      return Store.over(await LevelEngine.over(database), options);
    },
    agentSender: () => ({
      send: (message) =>
        passing(parts, `${message.method} ${message.url}`, () => sendToAgent(parts, message)),
      close: () => Promise.resolve(),
    }),
    fetch: (input, init) =>
      passing(parts, `${init?.method} ${input}`, () => fetchFromGitHub(parts, String(input), init ?? {})),
    proxyFor: () => null,
    openGuest: (options) => openGuest(parts, options),
    listen: async (app, _address, key) => {
      parts.serve(key, app);
      return { url: `http://daemon.test/${key}`, close: () => Promise.resolve() };
    },
    openPool: () => {
      throw new Error('this daemon has a database of its own');
    },
    random: chance.next,
    macUptime: () => null,
  };
}

/**
 * Milliseconds after which a death "in the middle" comes: on the way, while the other side works, or just
 * after that.
 */
const SOON = [30, 300, 1_500];

/** Does a piece of the daemon's work; the daemon may die before, during and after it. */
async function passing<T>(
  { world, life, chance, crash }: LifeParts,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  if (!life.isAlive) return never();
  if (world.points.isDeadly(`before ${what}`)) {
    crash(`before ${what}`);
    return never();
  }
  const doing = life.guard(work());
  if (world.points.isDeadly(`in the middle of ${what}`)) {
    const soon = world.clock.now() + chance.pick(SOON);
    void world.clock.sleepUntil(soon).then(() => life.isAlive && crash(`while or after ${what}`));
  }
  const done = await doing;
  if (world.points.isDeadly(`after ${what}`)) {
    crash(`after ${what}`);
    return never();
  }
  return done;
}

function macAt({ macs }: SimulatedWorld, host: string): Mac {
  const mac = macs.get(host.replace(/\.test$/, ''));
  if (!mac) throw new Error(`there is no Mac at ${host}`);
  return mac;
}

const refused = (code: string) => Object.assign(new Error(code), { code });

/** One error for all requests: making one for each is slow. */
const GONE = new Error('the client is gone');

async function sendToAgent(
  { world, life, chance, untruths }: LifeParts,
  message: HttpRequest,
): Promise<HttpResponse> {
  const { clock } = world;
  const mac = macAt(world, new URL(message.url).hostname);
  const isReset = chance.is(0.5);
  const stop = new Stop(life, message.signal);
  const client = new Client(isReset);
  try {
    await stop.sleepUntil(clock, clock.now() + world.latency());
    if (!mac.isUp) throw refused('ECONNREFUSED');
    const cutOff = new Promise<never>((_resolve, reject) => stop.whenStopped(reject));
    return await Promise.race([exchangeWithAgent(world, mac, message, client, untruths), cutOff]);
  } finally {
    stop.letGo();
    client.leave();
  }
}

async function exchangeWithAgent(
  world: SimulatedWorld,
  mac: Mac,
  { url, method, headers, body, maxBytes }: HttpRequest,
  client: ClientSignals,
  untruths: Chance,
): Promise<HttpResponse> {
  if (mac.isUnplugged) return never();
  const mark = url.indexOf('/', url.indexOf('//') + 2);
  const [pathname = '', search] = url.slice(mark).split('?');
  checkAgentRequest(world, mac, method, pathname.replace('/v1', ''), body);
  const isMaking = method === 'POST' && /^\/v1\/vms(?:\/[^/]+\/clone)?$/.test(pathname);
  const name: string | null = isMaking ? (JSON.parse(body ?? '{}').name ?? null) : null;
  if (name !== null) mac.creating.add(name);
  const bytes = Buffer.from(body ?? '');
  const head: RequestHead = {
    method,
    path: pathname,
    query: parseQuery(search ?? ''),
    headers: new Map(Object.entries(headers)),
    contentLength: bytes.length,
  };
  const reply = await answerRequest(mac.agent, AGENT_TOKEN, head, bytes, client);
  if (name !== null) mac.creating.delete(name);
  world.trace(`${mac.name}: ${method} ${pathname} → ${reply === 'cut' ? 'cut' : reply.status}`);
  if (reply === 'cut') throw refused('UND_ERR_SOCKET');
  const { vms } = world.scenario.untruths;
  const isList = vms > 0 && method === 'GET' && pathname === '/v1/vms' && reply.status === 200;
  const told = isList && untruths.is(vms) ? spoilVms(reply.body, untruths) : reply.body;
  const answer = reply.bytes?.data ?? bytesOf(told);
  const dripping = (reply.dripMs ?? 0) * answer.length;
  await world.clock.sleepUntil(world.clock.now() + world.latency() + dripping);
  if (mac.isUnplugged) return never();
  if (answer.length > maxBytes) throw new AnswerTooLarge();
  return { status: reply.status, bytes: answer };
}

const bytesOf = (body: unknown) => (body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)));

/**
 * Signals of the client's end of a request, made on demand: few routes need them, and making them is slow.
 */
class Client implements ClientSignals {
  readonly #isReset: boolean;
  #gone: AbortController | null = null;
  #reset: AbortController | null = null;
  #hasLeft = false;

  constructor(isReset: boolean) {
    this.#isReset = isReset;
  }

  get gone(): AbortSignal {
    if (this.#gone === null) {
      this.#gone = new AbortController();
      if (this.#hasLeft) this.#gone.abort(GONE);
    }
    return this.#gone.signal;
  }

  get reset(): AbortSignal {
    if (this.#isReset) return this.gone;
    this.#reset ??= new AbortController();
    return this.#reset.signal;
  }

  leave(): void {
    this.#hasLeft = true;
    this.#gone?.abort(GONE);
  }
}

async function fetchFromGitHub(
  { world, life }: LifeParts,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const { clock, githubApp } = world;
  const { signal: stops, letGo } = firstOf(life.ended, init.signal);
  const failed = (code: string) => Object.assign(new TypeError('fetch failed'), { cause: refused(code) });
  try {
    await clock.sleepUntil(clock.now() + world.latency(), stops);
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
    if (method === 'POST' && answer.status === 201) await keepSecrets(world, answer.clone());
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
async function keepSecrets({ secrets, ledger }: SimulatedWorld, answer: Response): Promise<void> {
  const { encoded_jit_config: config, token, runner } = (await answer.json()) as Record<string, unknown>;
  for (const secret of [config, token]) if (typeof secret === 'string') secrets.add(secret);
  if (typeof config === 'string') ledger.handOut((runner as { name: string }).name);
}

async function openGuest(parts: LifeParts, options: GuestOptions) {
  const { world, life } = parts;
  const address = await options.address();
  const mac = macAt(world, address.host);
  const login = await life.guard(mac.memory.openGuest({ ...options, address }));
  return {
    ...login,
    run: (script: string, run = {}) =>
      passing(parts, 'a script in a guest', () => {
        const { args = [] } = run as { args?: readonly string[] };
        if (script.includes('jeballto-launch:')) checkLaunch(world, args[0] ?? '');
        return login.run(script, run);
      }),
  };
}
