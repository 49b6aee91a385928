import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postgresPrograms } from '../../src/cli/simulation/postgres-programs.ts';
import { OWNER, PostgresServer } from '../../src/cli/simulation/postgres-server.ts';

/** Starts a standby server, which gets every change of a server through a port, and can be promoted. */
export function replicaOf(port: number): Promise<PostgresServer> {
  return PostgresServer.start({
    async prepare(folder, user) {
      rmSync(join(folder, 'data'), { recursive: true });
      const from = `host=127.0.0.1 port=${port} user=${OWNER}`;
      const args = ['-d', from, '-D', join(folder, 'data'), '-R', '-c', 'fast', '--no-sync'];
      // A proxy in this process may be on the way.
      await promisify(execFile)(join(postgresPrograms() ?? '', 'pg_basebackup'), args, {
        cwd: folder,
        ...user,
      });
    },
  });
}
