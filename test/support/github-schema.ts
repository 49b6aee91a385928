import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** One request with its response, as sent over the wire. */
export interface GitHubExchange {
  method: string;
  /** Path below the API's base, with or without `/api/v3` and a query. */
  path: string;
  requestBody?: unknown;
  status: number;
  /** Parsed JSON; undefined without a body. */
  responseBody?: unknown;
}

interface Operation {
  request: object | null;
  responses: Record<string, object | null>;
}

interface RestFixture {
  version: string;
  operations: Record<string, Operation>;
  components: Record<string, object>;
}

interface WebhookFixture {
  events: Record<string, object>;
  components: Record<string, object>;
}

/** Statuses that any call may return, although the description does not list them for each call. */
const ANYWHERE = [301, 307, 400, 401, 403, 404, 422, 429, 500, 502, 503];

const ERROR = {
  type: 'object',
  required: ['message', 'documentation_url'],
  properties: {
    message: { type: 'string' },
    documentation_url: { type: 'string' },
    status: { type: 'string' },
  },
};

const rest = read<RestFixture>('rest.json');
// A delivery that reached no receiver has no status code; the description does not have that case.
for (const name of ['hook-delivery-item', 'hook-delivery']) {
  const { properties } = rest.components[name] as { properties: { status_code: { type: unknown } } };
  properties.status_code.type = ['integer', 'null'];
}
const webhooks = read<WebhookFixture>('webhooks.json');
const ajv = new Ajv2020({ strict: false, allErrors: true });
// The plugin's default export is the module itself under this module resolution.
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(rest, 'rest');
ajv.addSchema(webhooks, 'webhooks');

/**
 * Says where an exchange differs from GitHub's OpenAPI description; empty when it does not. A refused request
 * need not match its schema.
 */
export function validateGitHubExchange(exchange: GitHubExchange): string[] {
  const { method, path, requestBody, status, responseBody } = exchange;
  const key = operationOf(
    method,
    path
      .replace(/\?.*$/, '')
      .replace(/^\/api\/v3(?=\/)/, '')
      .replace(/^\/repositories\/\d+/, '/repos/o/r'),
  );
  const operation = key === null ? undefined : rest.operations[key];
  if (!operation) return [`${method} ${path}: not among the described calls`];
  const where = `${key} → ${status}`;
  const asked =
    operation.request && status < 400
      ? problems(`${where}: request`, { $ref: `rest#/operations/${pointer(key)}/request` }, requestBody)
      : [];
  return [
    ...asked,
    ...answerProblems(where, operation, `rest#/operations/${pointer(key)}`, status, responseBody),
  ];
}

/** Says where a webhook's payload differs from GitHub's schema of the event; empty when it does not. */
export function validateWebhook(event: string, payload: unknown): string[] {
  const { action } = (payload ?? {}) as { action?: string };
  const key = event === 'ping' ? event : `${event}-${action}`.replaceAll('_', '-');
  if (!webhooks.events[key]) return [`${key}: not among the described events`];
  return problems(key, { $ref: `webhooks#/events/${pointer(key)}` }, payload);
}

function answerProblems(
  where: string,
  { responses }: Operation,
  base: string,
  status: number,
  body: unknown,
): string[] {
  if (status === 304) return body === undefined ? [] : [`${where}: a body`];
  const schema = responses[String(status)];
  if (schema === undefined) {
    return ANYWHERE.includes(status)
      ? problems(where, ERROR, body)
      : [`${where}: a status that is not described`];
  }
  if (schema === null) return body === undefined ? [] : [`${where}: a body where none is described`];
  return problems(where, { $ref: `${base}/responses/${status}` }, body);
}

function problems(where: string, schema: object, value: unknown): string[] {
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${where} ${error.instancePath} ${error.message}`);
}

/** The call in the description that matches a real one; a path without parameters is preferred. */
function operationOf(method: string, path: string): string | null {
  const given = `${method} ${path}`.split('/');
  const fits = (key: string) => {
    const wanted = key.split('/');
    return (
      wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i])
    );
  };
  const found = Object.keys(rest.operations).filter(fits);
  return found.sort((a, b) => a.split('{').length - b.split('{').length)[0] ?? null;
}

function pointer(part: string | null): string {
  return encodeURIComponent((part ?? '').replaceAll('~', '~0').replaceAll('/', '~1'));
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/github/${name}`, import.meta.url), 'utf8')) as T;
}
