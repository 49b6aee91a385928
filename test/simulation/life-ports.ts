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
import type { ControllerSeat } from './controllers/controller-seat.ts';
import { fetchFromGitHub } from './fetch-from-github.ts';
import { type Life, never, Stop } from './life.ts';
import type { RecordLaws } from './record-laws.ts';
import { refused } from './refused.ts';
import { checkAgentRequest, checkLaunch } from './request-laws.ts';
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
  /** Null for a daemon that is alone. */
  seat?: ControllerSeat | null;
  /** The daemon dies at this point. */
  crash(at: string): void;
  /** Its process is stopped for a time in milliseconds. */
  sleep(ms: number, isCounted: boolean): void;
  /** Receives the app that would be served at an address of the config. */
  serve(key: string, app: Hono): void;
}

/**
 * Replaces sockets, disk and chance for one life of the daemon. Each request or write passes three crash
 * points.
 */
export function lifePorts(parts: LifeParts): Ports {
  const { world, life, laws, chance, openDisk = openCommitted, seat } = parts;
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
    agentSender: (mayLeave) => ({
      send: (message) =>
        sending(parts, `${message.method} ${message.url}`, () => sendToAgent(parts, message, mayLeave)),
      close: () => Promise.resolve(),
    }),
    fetch: (input, init) =>
      sending(parts, `${init?.method} ${input}`, () => fetchFromGitHub(parts, String(input), init ?? {})),
    proxyFor: () => null,
    openGuest: (options) => openGuest(parts, options),
    listen: async (app, _address, key) => {
      parts.serve(key, app);
      return { url: seat?.url(key) ?? `http://daemon.test/${key}`, close: () => Promise.resolve() };
    },
    openPool: (...given) => {
      if (!seat) throw new Error('this daemon has a disk of its own');
      return seat.openPool(life, (what, work) => passing(parts, what, work))(...given);
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

/** Sends a request, as `passing` does. */
function sending<T>(parts: LifeParts, what: string, work: () => Promise<T>): Promise<T> {
  if (parts.life.isAlive) parts.seat?.sends(parts.life, what);
  return passing(parts, what, work);
}

/**
 * Does a piece of the daemon's work; the daemon may die before, during and after it. One of several controllers may
 * be stopped as soon as the work is under way, or before it learns the result.
 */
async function passing<T>(parts: LifeParts, what: string, work: () => Promise<T>): Promise<T> {
  const { world, life, chance, crash, sleep } = parts;
  const mayStop = () => {
    const stop = life.isAlive ? world.points.takeStop() : undefined;
    if (stop) sleep(stop.lasts, stop.isCounted);
    return stop !== undefined;
  };
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
  mayStop();
  const done = await doing;
  if (world.points.isDeadly(`after ${what}`)) {
    crash(`after ${what}`);
    return never();
  }
  if (mayStop()) await life.guard(Promise.resolve());
  return done;
}

function macAt({ macs }: SimulatedWorld, host: string): Mac {
  const mac = macs.get(host.replace(/\.test$/, ''));
  if (!mac) throw new Error(`there is no Mac at ${host}`);
  return mac;
}

/** A URL would cost as much as the rest of a simulated exchange. */
const hostOf = (url: string) => url.slice(url.indexOf('//') + 2, url.indexOf('.test') + '.test'.length);

/** One error for all requests: making one for each is slow. */
const GONE = new Error('the client is gone');

async function sendToAgent(
  { world, life, chance, untruths, seat }: LifeParts,
  message: HttpRequest,
  mayLeave: () => boolean = () => true,
): Promise<HttpResponse> {
  const { clock } = world;
  const mac = macAt(world, hostOf(message.url));
  const isReset = chance.is(0.5);
  const stop = new Stop(life, message.signal);
  const client = new Client(isReset);
  try {
    if (seat) {
      // The request is written when its connection is made, also by a process that was frozen meanwhile.
      await life.guard(stop.sleepUntil(clock, clock.now() + world.latency()));
      if (!mayLeave()) throw refused('ECONNRESET');
      seat.sends(life, `${message.method} ${message.url}`);
      const late = exchangeOverNetwork(world, mac, message, client, untruths, seat);
      return await Promise.race([late, new Promise<never>((_resolve, reject) => stop.whenStopped(reject))]);
    }
    await stop.sleepUntil(clock, clock.now() + world.latency());
    if (!mac.isUp) throw refused('ECONNREFUSED');
    const cutOff = new Promise<never>((_resolve, reject) => stop.whenStopped(reject));
    return await Promise.race([exchangeWithAgent(world, mac, message, client, untruths), cutOff]);
  } finally {
    stop.letGo();
    client.leave();
  }
}

/** A request that left one of several controllers arrives, also when it is late and its client is gone. */
async function exchangeOverNetwork(
  world: SimulatedWorld,
  mac: Mac,
  message: HttpRequest,
  client: Client,
  untruths: Chance,
  { toWorld, lateness }: ControllerSeat,
): Promise<HttpResponse> {
  const { clock } = world;
  await clock.sleepUntil(clock.now() + world.latency() + lateness());
  await toWorld.open();
  if (!mac.isUp) throw refused('ECONNREFUSED');
  const answer = await exchangeWithAgent(world, mac, message, client, untruths);
  await toWorld.open();
  return answer;
}

async function exchangeWithAgent(
  world: SimulatedWorld,
  mac: Mac,
  { url, method, headers, body, maxBytes }: HttpRequest,
  client: Client,
  untruths: Chance,
): Promise<HttpResponse> {
  if (mac.isUnplugged) return never();
  const mark = url.indexOf('/', url.indexOf('//') + 2);
  const [pathname = '', search] = url.slice(mark).split('?');
  checkAgentRequest(world, mac, method, pathname.replace('/v1', ''), body, client.hasLeft);
  const isMaking = method === 'POST' && /^\/v1\/vms(?:\/[^/]+\/clone)?$/.test(pathname);
  const name: string | null = isMaking ? (JSON.parse(body ?? '{}').name ?? null) : null;
  if (name !== null) mac.creating.set(name, world.clock.now());
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
  hasLeft = false;

  constructor(isReset: boolean) {
    this.#isReset = isReset;
  }

  get gone(): AbortSignal {
    if (this.#gone === null) {
      this.#gone = new AbortController();
      if (this.hasLeft) this.#gone.abort(GONE);
    }
    return this.#gone.signal;
  }

  get reset(): AbortSignal {
    if (this.#isReset) return this.gone;
    this.#reset ??= new AbortController();
    return this.#reset.signal;
  }

  leave(): void {
    this.hasLeft = true;
    this.#gone?.abort(GONE);
  }
}

async function openGuest(parts: LifeParts, options: GuestOptions) {
  const { world, life, seat } = parts;
  const address = await options.address();
  const mac = macAt(world, address.host);
  seat?.sends(life, 'a login in a guest');
  await seat?.toWorld.open();
  const login = await life.guard(mac.memory.openGuest({ ...options, address }));
  return {
    ...login,
    run: (script: string, run = {}) =>
      sending(parts, 'a script in a guest', () => {
        const { args = [] } = run as { args?: readonly string[] };
        if (script.includes('jeballto-launch:')) checkLaunch(world, args[0] ?? '');
        return login.run(script, run);
      }),
  };
}
