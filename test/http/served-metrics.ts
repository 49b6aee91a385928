import { StagedDaemon } from '../page/staged-daemon.ts';

/** The metrics of a daemon that has just started, in the text format of Prometheus. */
export async function servedMetrics(): Promise<string> {
  const daemon = await StagedDaemon.start();
  const served = await (await fetch(`${daemon.url}/metrics`)).text();
  await daemon.close();
  return served;
}

/** The names of metrics in a query or in a file of queries, without the endings that a histogram adds. */
export const metricsIn = (text: string): string[] =>
  [...text.matchAll(/\b(?:jeballto_runner|nodejs)_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));

/** The names of the metrics in what a daemon serves. */
export const servedNames = (served: string): Set<string> =>
  new Set([...served.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
