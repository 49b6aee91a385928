import { ConfigError } from '../../config/config-error.ts';
import {
  type EnvironmentProxy,
  environmentProxy,
  ProxyVariableError,
} from '../../github/access/environment-proxy.ts';

/**
 * Returns the proxy of the environment for requests to an address; null without one. Agents are always called directly.
 * Throws a ConfigError when the value of a proxy variable is not a proxy.
 */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): EnvironmentProxy | null {
  try {
    return environmentProxy(url, env);
  } catch (error) {
    if (!(error instanceof ProxyVariableError)) throw error;
    throw new ConfigError([{ at: error.variable, path: '', message: error.message }]);
  }
}
