import { optional, withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';
import { listenAddress } from '../values/listen-address.ts';
import { choice, localFolder, secret } from '../values/plain-kinds.ts';

export const storeKeys = {
  path: withDefault(
    localFolder,
    './data',
    'Folder of the database with the records of running jobs, made when it is not there. One daemon each.',
  ),
  retention: withDefault(duration, '30d', 'How long the journal and the outcomes of ended jobs are kept.'),
};

export const adminKeys = {
  listen: withDefault(
    listenAddress,
    '127.0.0.1:9091',
    'Listener of the visualizer, the API and the metrics. Off loopback it needs `admin.token`.',
  ),
  token: optional(secret, 'Bearer token that the admin listener then wants with every request.'),
};

export const logKeys = {
  level: withDefault(
    choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'The least important lines that are written.',
  ),
  format: withDefault(choice('json', 'pretty'), 'json', 'Lines for machines or for a person at a terminal.'),
};
