import { optional, untilRestart, withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';
import { listenAddress } from '../values/listen-address.ts';
import { choice, localFolder, secret } from '../values/plain-kinds.ts';
import { postgresUrl } from '../values/postgres-url.ts';

export const storeKeys = {
  path: untilRestart(
    optional(
      localFolder,
      'Folder of the database with the records of running jobs. It is created when it does not exist. Two daemons cannot share one.',
      '`./data`, without `store.url`',
    ),
  ),
  url: untilRestart(
    optional(
      postgresUrl,
      'A PostgreSQL database for these records, in place of `store.path`: `postgres://user:password@host/database?sslmode=verify-full`. Before the first start `jeballto-runner store migrate` makes its tables. Several daemons may name the same one: one is active, the others stand by.',
    ),
  ),
  lease: untilRestart(
    withDefault(
      duration,
      '8s',
      'With `store.url`: how long a daemon that is silent stays the active one, from `2s` to `5m`. After a crash the next one takes over when this time has passed. All daemons on one database need the same value.',
    ),
  ),
  retention: untilRestart(
    withDefault(duration, '30d', 'How long the journal and the outcomes of ended jobs are kept.'),
  ),
};

export const adminKeys = {
  listen: untilRestart(
    withDefault(
      listenAddress,
      '127.0.0.1:9091',
      'Address of the visualizer, the API and the metrics. An address that other machines can reach needs `admin.token`.',
    ),
  ),
  token: optional(
    secret,
    'Bearer token. When it is set, every request to the API and the metrics must have it, or `admin.read_token`.',
  ),
  read_token: optional(
    secret,
    'Second bearer token, for people who only look. It opens the page, the API and the metrics. Orders, evidence files, and logs and screens of VMs are refused. It needs `admin.token`, and must differ from it.',
  ),
};

export const logKeys = {
  level: withDefault(
    choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'Lines below this level are not written.',
  ),
  format: untilRestart(
    withDefault(
      choice('json', 'pretty'),
      'json',
      '`json` is for programs, `pretty` for a person at a terminal.',
    ),
  ),
};
