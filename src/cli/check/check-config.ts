import { problemLine } from '../../config/config-error.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import { about, type Finding } from './finding.ts';

/** The findings about a configuration that could be loaded. */
export function checkConfig({ config, warnings, path }: LoadedConfig & { path: string }): Finding[] {
  const { ok, wrong, note } = about('config');
  const { mode } = config.controller;
  const labels = Object.keys(config.labels);
  const hosts = config.hosts.map(({ name }) => name);
  return [
    ok(`${path} is valid: mode ${mode}, hosts ${hosts.join(', ')}, labels ${labels.join(', ')}.`),
    ...(config.github.webhook_secret === undefined || mode === 'poll'
      ? []
      : [ok(`Webhook deliveries are verified with ${secretsIn(config.github.webhook_secret)}.`)]),
    ...warnings.map((warning) => {
      // Without polling and without a secret the daemon would never notice a job.
      const isFatal = warning.path === 'github.webhook_secret' && mode === 'webhook';
      return (isFatal ? wrong : note)(problemLine(warning));
    }),
  ];
}

function secretsIn(secret: string | readonly string[]): string {
  const count = [secret].flat().length;
  return count === 1 ? 'github.webhook_secret' : `any of the ${count} secrets in github.webhook_secret`;
}
