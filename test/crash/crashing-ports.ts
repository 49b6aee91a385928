import type { Ports } from '../../src/controller/outside/ports.ts';
import { realPorts } from '../../src/controller/outside/ports.ts';
import { Store } from '../../src/store/store.ts';

/** Called with the point's name before and after each call to the outside; need not return. */
type Pass = (point: string) => void;

/** Each of the daemon's guest scripts, recognised by a text that only this script contains. */
const SCRIPTS: [mark: string, name: string][] = [
  ['echo "system: ', 'probe'],
  ['jeballto-launch:', 'launch'],
  ['jeballto-activity:', 'activity'],
  ['until=$2', 'watch'],
  ['jeballto-state:', 'status'],
];

/** The daemon's real ports; each call, and each durable write of its store, passes a named point before and after. */
export function crashingPorts(pass: Pass): Ports {
  const around = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    pass(`before ${what}`);
    const result = await work();
    pass(`after ${what}`);
    return result;
  };
  const { durable } = Store.prototype;
  // A controller on a database makes its store itself.
  Store.prototype.durable = function (this: Store) {
    return around('a durable write', () => durable.call(this));
  };
  return {
    ...realPorts,
    agentSender: () => {
      const sender = realPorts.agentSender();
      return {
        send: (message) => around(`agent ${route(message.method, message.url)}`, () => sender.send(message)),
        close: () => sender.close(),
      };
    },
    fetch: (input, init) =>
      around(`github ${route(init?.method ?? 'GET', String(input))}`, () => realPorts.fetch(input, init)),
    openGuest: async (options) => {
      const session = await around('guest login', () => realPorts.openGuest(options));
      return {
        hostKey: session.hostKey,
        run: (script, run) => {
          const name = SCRIPTS.find(([mark]) => script.includes(mark))?.[1] ?? 'command';
          return around(`guest ${name}`, () => session.run(script, run));
        },
        isOpen: () => session.isOpen(),
        close: () => session.close(),
      };
    },
  };
}

/** Method and path such as `POST /vms/:id/start`, without what differs from run to run. */
function route(method: string, url: string): string {
  const path = new URL(url).pathname
    .replace(/^\/v1/, '')
    .replace(/\/repos\/[^/]+\/[^/]+/, '')
    .replace(/[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}|\d{2,}/gi, ':id')
    .replace(/\/runners\/\d+/, '/runners/:id');
  return `${method} ${path}`;
}
