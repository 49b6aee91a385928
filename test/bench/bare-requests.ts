import { request } from 'undici';
import { serveQuestions } from './child.ts';

// The CPU time of requests whose responses are not used: the least that a daemon with this client can need.

serveQuestions({
  /** Milliseconds of CPU for one request with its connection, since the agent closes each one. */
  async cost({ url, count }: { url: string; count: number }) {
    const ask = async () => (await request(`${url}/health`)).body.dump();
    for (let n = 0; n < count; n += 1) await ask();
    const before = process.cpuUsage();
    for (let n = 0; n < count; n += 1) await ask();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / count;
  },
});
