const MIGRATE = 'run "jeballto-runner store migrate" as the owner of the database (--url-file FILE).';
const ROLE =
  'run "jeballto-runner store migrate --role ROLE" as the owner of the database, with the role of store.url.';

const BUSY =
  'another session holds a lock, or the database is slow: if that lasts, look at pg_stat_activity there.';

const REACH =
  'check that the server runs at the host and port of store.url, and that this machine reaches it.';

const CA = 'name the file with the CA of the server in store.url: sslrootcert=/path/ca.pem.';

/** What to do, by the code of PostgreSQL, of the system or of TLS. */
const FIXES: Record<string, string> = {
  '28P01': 'correct the user or the password in store.url (a space is %20, an @ is %40), or in PGPASSWORD.',
  '28000':
    'add a line for this user and this machine to pg_hba.conf; if the server asks for TLS, set sslmode in store.url.',
  '3D000': 'create the database, or correct its name in store.url.',
  '3F000': MIGRATE,
  '42P01': MIGRATE,
  '42501': ROLE,
  '42704': 'create that role, or name another with --role.',
  '53100': 'make room on the disk of the database server.',
  '53300':
    'raise max_connections of the server, or the connection limit of this role: each controller needs seven.',
  '55P03': BUSY,
  '57014': BUSY,
  '57P01': 'the server closed the connection: if it was shut down, start it.',
  '57P02': 'the server restarts after a crash: look at its log.',
  '57P03': 'the server starts or shuts down: if that lasts, look at its log.',
  '58030': 'the disk of the database server fails: look at the log of the server.',
  '25006': 'this server only reads, as a replica does: name the primary in store.url.',
  ECONNREFUSED: 'start the server, or correct host and port in store.url.',
  ENOENT: 'start the server, or correct the path in store.url (of its socket, or of a certificate).',
  ENOTFOUND: 'correct the host in store.url.',
  ECONNRESET: REACH,
  ETIMEDOUT: REACH,
  DEPTH_ZERO_SELF_SIGNED_CERT: CA,
  SELF_SIGNED_CERT_IN_CHAIN: CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CA,
  ERR_TLS_CERT_ALTNAME_INVALID: 'use a host name in store.url that the certificate of the server has.',
  CERT_HAS_EXPIRED: 'renew the certificate of the server.',
};

/** Returns what went wrong with a database, and what to do; `fix` is null when that is not known. */
export function fixOf(error: unknown): { message: string; fix: string | null } {
  const { message, code = '' } = flat(error);
  return { message, fix: FIXES[code] ?? fixOfMessage(message) };
}

function fixOfMessage(message: string): string | null {
  if (/does not support SSL/.test(message))
    return 'turn TLS on at the server, or set sslmode=disable in store.url.';
  if (/Query read timeout/.test(message)) return BUSY;
  if (/timeout|Connection terminated/.test(message)) return REACH;
  return null;
}

/** A host with several addresses fails with one error for each. */
function flat(error: unknown): { message: string; code?: string } {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first : { message: String(first) };
}
