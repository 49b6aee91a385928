import { EnvHttpProxyAgent, fetch as undiciFetch } from 'undici';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for requests to GitHub, as the environment names it. */
export interface EnvironmentProxy {
  /** The name of its variable, as it is spelled there. */
  variable: string;
  /** Without user and password. */
  origin: string;
  fetch: typeof fetch;
}

/** A variable whose value is not a proxy. The message leaves out the value, which may hold a password. */
export class ProxyVariableError extends Error {
  override readonly name = 'ProxyVariableError';
  readonly variable: string;

  constructor(variable: string) {
    super('is not the address of a proxy: write http://HOST:PORT, or unset it.');
    this.variable = variable;
  }
}

/**
 * Returns the proxy for an address, from the variables that other tools use too, lower case first; null when the
 * address is requested directly. A proxy for plain http is also used for https when https has none of its own. Throws a
 * ProxyVariableError.
 */
export function environmentProxy(url: string, env: Environment): EnvironmentProxy | null {
  const http = firstSet(env, 'http_proxy', 'HTTP_PROXY');
  const https = firstSet(env, 'https_proxy', 'HTTPS_PROXY') ?? http;
  const found = new URL(url).protocol === 'https:' ? https : http;
  const noProxy = firstSet(env, 'no_proxy', 'NO_PROXY')?.value ?? '';
  if (!found || isExcluded(new URL(url), noProxy)) return null;
  // An empty text prevents the agent from reading the variables of the process.
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: http ? proxyUrl(http).href : '',
    httpsProxy: https ? proxyUrl(https).href : '',
    noProxy,
  });
  const send = (input: string | URL | Request, init?: RequestInit) =>
    undiciFetch(String(input), { ...(init as object), dispatcher });
  return { variable: found.name, origin: proxyUrl(found).origin, fetch: send as unknown as typeof fetch };
}

interface Variable {
  name: string;
  value: string;
}

/** An empty variable counts as not set. */
function firstSet(env: Environment, ...names: string[]): Variable | null {
  const name = names.find((one) => env[one]?.trim());
  return name === undefined ? null : { name, value: env[name]?.trim() ?? '' };
}

function proxyUrl({ name, value }: Variable): URL {
  const text = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new ProxyVariableError(name);
  return new URL(text);
}

/** Decides as undici's agent does: by the whole name or its end, with or without a port; `*` excludes all. */
function isExcluded({ hostname, port, protocol }: URL, noProxy: string): boolean {
  if (noProxy === '*') return true;
  const own = port || (protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[,\s]/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, name = entry, wanted] = /^(.+):(\d+)$/.exec(entry) ?? [];
      const host = name.replace(/^\*?\./, '');
      return (wanted === undefined || wanted === own) && (hostname === host || hostname.endsWith(`.${host}`));
    });
}
