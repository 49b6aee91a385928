import { request } from 'undici';
import { serveQuestions } from './child.ts';

// What requests cost in CPU when nothing is done with the answers: below this no daemon on this client can come.

serveQuestions({
  /** Milliseconds of CPU for one request, the connection included, since the agent closes each. */
  async cost({ url, count }: { url: string; count: number }) {
    const ask = async () => (await request(`${url}/health`)).body.dump();
    for (let n = 0; n < count; n += 1) await ask();
    const before = process.cpuUsage();
    for (let n = 0; n < count; n += 1) await ask();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / count;
  },
});
