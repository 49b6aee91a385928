import type { RowName } from '../test/bench/measure.ts';

interface Words {
  title: string;
  /** How the figures come about. */
  how: string;
  /** What they cannot go below. */
  bounds: string;
  /** Where the next gain is. */
  next: string;
}

/** The texts about the figures of each row of the bench. */
export const PERFORMANCE_WORDS: Record<RowName, Words> = {
  overhead: {
    title: 'Overhead on the critical path',
    how: 'Jobs are pushed to the simulated GitHub, one each 2.3 s, over real sockets, real SSH and real processes in the guests; the daemon has a process of its own. The world’s own serial latencies are fixed: clone 1 s, start 1.5 s, address 2 s and sshd 8 s after power on. What is left of the time from the acknowledgement of `queued` to the runner’s connection, when these, the probe’s script and the runner’s own start are taken off, is ours: requests, logins, writes and waits that ended too late. The waits and their paces: a pull is looked at at once, again after 10 ms, then after pauses that grow by a quarter (about ten requests for a second); the guest’s address each 100 ms (ten requests a second and VM, while it boots); its SSH banner by one connection at a time, which is replaced after 100 ms, and then at growing distances, since one that came too early stays silent for good; the end of a runner or the job that it takes by one command that waits in the guest, and so by no call at all.',
    bounds:
      'Our own work lies in four places: the steps from `creating` to the runner’s launch. At each of them the note of what was done, the transition and its snapshot are written in one batch, and nothing is changed in the world before that is on disk (law 1). The first three look first (at the VM’s state, the guest’s tools, the job), and their looks go out while the disk writes, so that only the launch waits for its write; what the writes take by LevelDB alone stands in the table. What remains is the CPU of a cold transition, most of it the statechart’s own step. Beyond our own work there are a dozen requests to the agent, each over a connection of its own because the agent closes every one, two requests to GitHub and one SSH login. The CPU of a whole job has no single large part (see the profiles), and differs from run to run by what an idle daemon uses meanwhile, which is taken off.',
    next: 'Asking GitHub for the job while the guest is probed: the JIT configuration is asked for in the step after the probe, since the probe decides whether there is anything to register. Then: waiting for the runner’s own “Listening for Jobs” by one command in the guest, instead of asking guest and GitHub several times.',
  },
  dispatch: {
    title: 'Dispatch',
    how: 'A delivery is written into a socket of the daemon, which runs in a process of its own; the clock stops when the request line of `POST /vms` is read at the agent. Deliveries go one after the other; the 500 others are at work on a host that does not answer.',
    bounds:
      'One durable write, of the delivery and all that it orders, and three round trips to the agent before a create: list, pull, its result. The list goes out while the disk writes; the host’s health is that of the last look at it.',
    next: 'The image could be known to be there from the last pull; the agent’s cache is asked each time, since an operator may delete images.',
  },
  intake: {
    title: 'Webhook intake, durable',
    how: 'The daemon, the same Hono route with a store that stores nothing, bare `node:http` with HMAC and Probot with an empty handler each run in a process of their own, and are loaded in turn by 128 connections (GitHub opens one for each delivery), round after round; each ratio is the middle one of the rounds. Deliveries are GitHub’s own example of `workflow_job` (11 kB), each under an id of its own, for jobs that no label covers. Probot is installed when the bench needs it.',
    bounds:
      'A delivery and what it changes are one row or a few of a batch that is synced once for all that came meanwhile, off the daemon’s thread: sixteen deliveries are handled in a turn of the event loop and the others wait for the next ones, so that a flood neither holds up everybody else nor makes the batches uneven. What remains is what Probot does as well: reading, verifying and parsing 11 kB, with Hono’s layer of web requests in place of Probot’s handlers.',
    next: 'Nothing in it is large but what is needed: parsing the payload, the answers onto their sockets and the signature are two fifths of the thread’s time.',
  },
  restart: {
    title: 'Restart, and one transition among many',
    how: 'A store is filled with jobs at work by the machine and the store’s own code. The daemon then starts on it; its guests let it in and say nothing. For the cost of a transition, actors, dispatcher and store are put together as in the daemon, and jobs are made, given a slot and completed one after the other while the others live, each step waited for until it is durable.',
    bounds: 'Reading and parsing the records; XState makes an actor of each.',
    next: 'Starting actors in pieces, so that the first webhook is taken sooner.',
  },
  memory: {
    title: 'Memory and disk',
    how: 'The heap of a daemon after collecting garbage, with ten thousand restored jobs and with none. For the disk, a store lives through a hundred thousand jobs in ninety days, with the journal entries of a real job, three deliveries each and the collector’s prunes, with a retention of 30 days.',
    bounds:
      'An XState actor with its waiting children is most of a live job; LevelDB keeps deleted rows until it compacts them.',
    next: 'The context of a job holds texts (names, URL, labels) that many jobs share.',
  },
  githubCalls: {
    title: 'Calls to GitHub',
    how: 'The deterministic simulation on virtual time, with the default paces and no faults: twenty jobs of five minutes, each in a run of its own, and an hour in which nothing happens. The simulated GitHub counts each request as the real one does, 304 for nothing.',
    bounds:
      'A job needs its own look, a JIT configuration, the confirmation that its runner is online, and its removal. Polling lists the runs of each repository by status.',
    next: 'In mode poll the jobs of a run are read again while it is young, mostly for 304.',
  },
  agentCalls: {
    title: 'Calls to the agent',
    how: 'As above, on virtual time; looks at the host that go on without jobs are taken off.',
    bounds: 'The agent tells nothing by itself: a guest’s address and its state have to be asked for.',
    next: 'An event stream of the agent would end the asking.',
  },
  guests: {
    title: 'Guests that boot',
    how: 'One guest is early: a connection that is made before its sshd runs stays silent for good. The others are slow: each connection has its banner after seconds. Real sockets and SSH through a port that counts. Connections and bytes are those until somebody is logged in.',
    bounds:
      'From outside both look the same until the agent’s event SSH_READY, so silence leads to another connection, one at a time, at growing distances: early on often, that a guest is not left waiting, and later seldom, that a slow one gets its banner through.',
    next: 'An agent that forwards a connection only when sshd answers would need one. A guest that is slower than the agent’s four seconds has no such event, and waits for the connection that is patient enough.',
  },
  simulation: {
    title: 'Speed of the simulation',
    how: 'Seeds from 1 on, as `npm run simulate:seeds` plays them, for a quarter of a minute on one core.',
    bounds: 'The daemon’s own code and the laws that are checked at each commit.',
    next: 'See [reliability.md](reliability.md).',
  },
};

/** The largest costs that Node’s own profiler showed, before and after they were reduced. */
export const PERFORMANCE_PROFILES: readonly [what: string, before: string, after: string][] = [
  [
    'a job’s whole life (overhead)',
    'connections and requests (undici, node:net) 20 %; transitions with snapshot and journal 13 %; garbage 5 %; handing batches to LevelDB 5 %',
    'connections and requests 18 %; transitions 12 %; garbage 6 to 9 %; handing batches to LevelDB 2 to 4 %',
  ],
  [
    'webhook intake',
    'a clone of each answer, read back for the log of deliveries, 10 %; a timer for each delivery, called off with an error’s stack, 9 %; handing batches to LevelDB 6 %',
    'parsing the payload 20 %; answers onto their sockets 11 %; the signature 9 %; garbage 9 %; handing batches to LevelDB 3 %; nothing for clone and timer, one write a delivery instead of two',
  ],
  [
    'a transition among 10,000 live jobs (restart)',
    'walking through all holders of slots after each event: 22 ms of CPU, nineteen times what a transition costs alone',
    'nothing: slots are indexed by host',
  ],
  [
    '100,000 finished jobs (memory)',
    'each prune of the journal walked through all that was ever deleted before it: more than five minutes for the row',
    'it goes on where the last one ended',
  ],
];
