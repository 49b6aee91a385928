import { z } from 'zod';
import type { Kind } from '../key.ts';

export interface ListenAddress {
  host: string;
  /** 0 takes any free port. */
  port: number;
}

/**
 * Reads `:9090` (every IPv4 interface), `127.0.0.1:9091`, `localhost:9091` or `[::1]:9091`; null for anything else.
 */
export function parseListenAddress(text: string): ListenAddress | null {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 65_535) return null;
  return { host: bracketed ?? (plain || '0.0.0.0'), port: Number(digits) };
}

/** Returns whether only this machine reaches the host name. */
export function isLoopback(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === '::1' || host.toLowerCase() === 'localhost';
}

/** Returns whether two listeners would take the same port of the same interface. */
export function isSameListener(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const isWildcard = ({ host }: ListenAddress) => host === '0.0.0.0' || host === '::';
  return one.host === other.host || isWildcard(one) || isWildcard(other);
}

const HOW_TO_WRITE =
  'write host:port, such as 127.0.0.1:9091, or :9090 for every interface; an IPv6 host goes in brackets';

const schema = z
  .string({
    error: ({ input }) =>
      input === undefined ? undefined : `${JSON.stringify(input)} is not an address: ${HOW_TO_WRITE}.`,
  })
  .transform((text, ctx) => {
    const address = parseListenAddress(text);
    if (address) return address;
    ctx.addIssue(`"${text}" is not an address: ${HOW_TO_WRITE}.`);
    return z.NEVER;
  });

function print(address: unknown): string {
  const { host, port } = address as ListenAddress;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export const listenAddress: Kind<typeof schema> = { schema, type: 'listen address', form: 'text', print };
