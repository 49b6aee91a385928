import pg from 'pg';

/** Asks a database once, over a connection of its own. Rejects with the error of the client or the server. */
export async function askOnce(url: string, text: string, values?: unknown[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that ends tells it to each connection; without a listener that would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.query(text, values);
  } finally {
    await client.end().catch(() => undefined);
  }
}
