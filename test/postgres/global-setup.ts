import type { TestProject } from 'vitest/node';
import { canRun } from '../support/can-run.ts';
import { migratedServer, whyNoServer } from './migrated-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The port of the server for the tests of this project; null where there is none. */
    postgres: number | null;
  }
}

/** One server for all tests with PostgreSQL; each test has a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!canRun(whyNoServer())) {
    project.provide('postgres', null);
    return async () => undefined;
  }
  const server = await migratedServer();
  project.provide('postgres', server.port);
  return () => server.remove();
}
