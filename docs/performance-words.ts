import type { RowName } from '../test/bench/measure.ts';

interface Words {
  title: string;
  /** How the figures are measured. */
  how: string;
  /** What they cannot be lower than. */
  bounds: string;
  /** Where the next gain is. */
  next: string;
}

/** The texts about the figures of each row of the bench. */
export const PERFORMANCE_WORDS: Record<RowName, Words> = {
  overhead: {
    title: 'Overhead on the critical path',
    how: 'Jobs are pushed to the simulated GitHub, one each 2.3 s, over real sockets, real SSH and real processes in the guests. The daemon has a process of its own. The latencies of the simulated world are fixed: clone 1 s, start 1.5 s, address 2 s and sshd 8 s after power on. The measured time is from the acknowledgement of `queued` to the runner’s connection. Without these latencies, the probe’s script and the runner’s own start, the rest is ours: requests, logins, writes and waits that ended too late. While it waits, the daemon asks often. It asks for the end of a pull at once, again after 10 ms, and then after pauses that grow by a quarter (about ten requests in a second). While a VM boots, it asks for the guest’s address every 100 ms. It waits for the SSH banner on one connection at a time, which it replaces after 100 ms and then after growing pauses, because a connection that was made too early stays silent. To see when a runner listens for jobs, which job it takes and when it ends, the daemon makes no further call: one command waits in the guest.',
    bounds:
      'Our own work is in four steps, from `creating` to the runner’s launch. Each step writes the journal entry, the transition and its snapshot in one batch, and changes nothing in the world before that is on disk (law 1). The first three steps look at the world first (the VM’s state, the guest’s tools, the job), and they do so while the disk writes. So only the launch waits for its write. The table has the time that LevelDB alone needs for the writes. The rest is the CPU of a cold transition, most of it the statechart’s own step. In addition there are a dozen requests to the agent, each over a new connection because the agent closes every one, two requests to GitHub and one SSH login. The CPU of a whole job has no single large part (see the profiles). It differs between runs, because the use of an idle daemon is subtracted.',
    next: 'Ask GitHub for the job while the guest is probed. (The JIT configuration is requested after the probe, because the probe decides whether a runner is registered at all.)',
  },
  dispatch: {
    title: 'Dispatch',
    how: 'A webhook delivery is written into a socket of the daemon, which runs in its own process. The clock stops when the agent reads the request line of `POST /vms`. Deliveries come one after the other. The 500 other jobs run on a host that does not answer.',
    bounds:
      'One durable write, of the delivery and everything that it orders, and three round trips to the agent before a create: list, pull, result of the pull. The list is requested while the disk writes. The host’s health is known from the last look at it.',
    next: 'Remember from the last pull that the image is on the host. Today the agent is asked each time, because an operator may delete images.',
  },
  intake: {
    title: 'Webhook intake, durable',
    how: 'Four servers are compared, each in its own process: the daemon, the same Hono route with a store that stores nothing, bare `node:http` with HMAC, and Probot with an empty handler. 128 connections load them in turn (GitHub opens one for each delivery), in several rounds. Each ratio is the median of the rounds. Deliveries are GitHub’s own example of `workflow_job` (11 kB), each with its own id, for jobs that no label matches. The bench installs Probot when it needs it.',
    bounds:
      'A delivery and what it changes are a few rows of a batch. The batch is synced once for all deliveries that came in that time, outside the daemon’s thread. Each turn of the event loop handles sixteen deliveries, and the others wait for the next turn. So a flood does not delay everything else, and batches have similar sizes. The rest is what Probot does, too: read, verify and parse 11 kB, with Hono’s layer of web requests in place of Probot’s handlers.',
    next: 'No large part can be left out: parsing the payload, writing the responses and the signature take two fifths of the thread’s time.',
  },
  restart: {
    title: 'Restart, and one transition among many',
    how: 'The machine and the store’s own code fill a store with running jobs. The daemon then starts on it; its guests accept the login and return nothing. For the cost of a transition, actors, dispatcher and store run together as in the daemon. Jobs are made, get a slot and are completed one after the other while the others live. The bench waits until each step is durable.',
    bounds: 'Reading and parsing the records. XState makes an actor of each.',
    next: 'Start the actors in parts, so that the first webhook is accepted sooner.',
  },
  memory: {
    title: 'Memory and disk',
    how: 'The heap of a daemon after garbage collection, with ten thousand restored jobs and with none. For the disk, a store gets a hundred thousand jobs in ninety days, each with the journal entries of a real job and three deliveries. The collector deletes old rows, with a retention of 30 days.',
    bounds:
      'Most of a live job is an XState actor with its waiting children. LevelDB keeps deleted rows until it compacts them.',
    next: 'Share texts (names, URL, labels) that are the same in the contexts of many jobs.',
  },
  database: {
    title: 'With PostgreSQL',
    how: 'A daemon on LevelDB and one on [PostgreSQL](operations.md#postgresql), in one run on this machine. The bench starts the database server on loopback, with its own settings: each commit is synced to the disk, as LevelDB does it. Dispatches and webhooks are measured as above, with no other jobs. For the restart, the same jobs are in both stores. Then a second daemon starts on the database, and stands by. Over a network each step takes a round trip longer.',
    bounds:
      'Each batch is one statement with one commit, which waits for the disk, and the request that changes something asks the database for the epoch before it is sent. The daemon, the server and what loads them share the cores of this machine. A standby reads what it shows from the database, and keeps no jobs in memory.',
    next: 'Read the records of a take-over in parts, with several connections.',
  },
  takeOver: {
    title: 'Take-over',
    how: 'Two controllers on one database with 100 running jobs. The active one gets SIGKILL and SIGTERM in turn; the clock stops when the other one says that it is active, with all records restored. The signal comes at any time between two renewals of the lease, and the one that was ended starts again before the next round. For the delay of renewals, 128 connections flood the active controller with webhooks, and the bench reads from the database when the lease was renewed, compared with a quarter of the lease after the renewal before.',
    bounds:
      'After SIGKILL the rest of the lease, between three quarters of it and all of it. A standby looks at the lease every 200 ms. After SIGTERM calls under way get 300 ms to end. Then the records are read and their actors made, a hundred at a time, so that the lease of 8 seconds is renewed; the start of all actors after that is one piece.',
    next: 'Make the actors in parts, so that a renewal comes between them. A shorter `store.lease` makes a take-over quicker, but then a shorter pause of the machine is enough to cause one.',
  },
  githubCalls: {
    title: 'Calls to GitHub',
    how: 'The deterministic simulation on virtual time, with the default intervals and no faults: twenty jobs of five minutes, each in its own run, and an hour in which nothing happens. The simulated GitHub counts each request as the real one does; a 304 counts nothing.',
    bounds:
      'A job needs a look at itself, a JIT configuration, the confirmation that its runner is online, and the removal of the runner. Polling lists the runs of each repository by status.',
    next: 'In mode poll the jobs of a young run are read again and again, mostly with 304 as response.',
  },
  agentCalls: {
    title: 'Calls to the agent',
    how: 'On virtual time, as above. The calls that an idle daemon makes are subtracted.',
    bounds: 'The agent sends no events: the daemon must ask for a guest’s address and state.',
    next: 'With an event stream of the agent the daemon would not need to ask.',
  },
  guests: {
    title: 'Guests that boot',
    how: 'To the first guest the daemon connects too early: a connection that is made before sshd runs stays silent. The other guests are slow: each connection gets its banner after seconds. Sockets and SSH are real, and a port counts connections and bytes until the login succeeds.',
    bounds:
      'Until the agent’s event SSH_READY the daemon cannot tell the two apart. So after silence it opens a new connection, one at a time, after pauses that grow: first short ones, so that a ready guest does not wait, and later long ones, so that a slow guest has time to send its banner.',
    next: 'If the agent forwarded a connection only once sshd runs, one connection would be enough. A guest that is slower than the agent’s four seconds has no such event, and needs a connection that waits long enough.',
  },
  simulation: {
    title: 'Speed of the simulation',
    how: 'The [seeds](reliability.md#the-simulation) from 1 on, as `npm run simulate:seeds` plays them, for a quarter of a minute on one core.',
    bounds: 'The daemon’s own code, and the checks of the laws at each commit.',
    next: 'See [reliability.md](reliability.md).',
  },
};

/** The largest costs in Node’s own profiler, before and after they were reduced. */
export const PERFORMANCE_PROFILES: readonly [what: string, before: string, after: string][] = [
  [
    'a job’s whole life (overhead)',
    'connections and requests (undici, node:net) 20 %; transitions with snapshot and journal 13 %; garbage 5 %; handing batches to LevelDB 5 %',
    'connections and requests 18 %; transitions 12 %; garbage 6 to 9 %; handing batches to LevelDB 2 to 4 %',
  ],
  [
    'webhook intake',
    'a clone of each response, read again for the log of deliveries, 10 %; a timer for each delivery, cancelled with an error and its stack, 9 %; handing batches to LevelDB 6 %',
    'parsing the payload 20 %; writing responses 11 %; the signature 9 %; garbage 9 %; handing batches to LevelDB 3 %; no clone, no timer, and one write for each delivery instead of two',
  ],
  [
    'a transition among 10,000 live jobs (restart)',
    'each event reads all jobs that hold a slot: 22 ms of CPU, nineteen times the cost of a transition alone',
    'no cost: slots are indexed by host',
  ],
  [
    '100,000 finished jobs (memory)',
    'each deletion of old journal entries read everything that was deleted before: more than five minutes for the row',
    'each deletion starts where the last one ended',
  ],
];
