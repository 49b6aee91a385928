/**
 * Where this daemon reaches a port that an agent forwards. The agent always names its own machine as 127.0.0.1
 * and listens on all interfaces, so the host is the one of its base URL. It binds IPv4, hence no `localhost`,
 * which may resolve to ::1.
 */
export function sshAddress(baseUrl: string, port: number): { host: string; port: number } {
  const host = new URL(baseUrl).hostname.replace(/^\[(.*)\]$/, '$1');
  return { host: host === 'localhost' ? '127.0.0.1' : host, port };
}
