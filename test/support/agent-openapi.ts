import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

/**
 * The file with the agent's own OpenAPI description, which is not part of the project; empty when the
 * variable is not set.
 */
const DESCRIPTION = process.env.JEBALLTO_OPENAPI ?? '';

/** One request with its response, as sent over the wire. */
export interface AgentExchange {
  method: string;
  /** Path below the API's base, with or without `/v1` and a query. */
  path: string;
  requestBody?: unknown;
  status: number;
  responseBody?: unknown;
}

/** Where the agent's code returns a status that its description does not list; the code is right. */
const ALLOWED_DIFFERENCES: readonly { operation: string; status: number; reason: string }[] = [
  {
    operation: 'POST /vms',
    status: 404,
    reason: 'IMAGE_NOT_FOUND when the image is replaced between its pull and its copy',
  },
];

/** Statuses that any path may return before a route is chosen: framing, token, unknown path. */
const BEFORE_ROUTING: readonly number[] = [400, 401, 404, 405];

type Json = Record<string, unknown>;

/** Why exchanges cannot be validated here, or null when they can. */
export function agentOpenApiMissing(): string | null {
  if (DESCRIPTION === '') return 'JEBALLTO_OPENAPI names no file with the OpenAPI description of the agent';
  return existsSync(DESCRIPTION) ? null : `JEBALLTO_OPENAPI names ${DESCRIPTION}, which is not there`;
}

/**
 * Says where an exchange differs from the agent's OpenAPI description; empty when it does not. A request that
 * was refused with 400 need not match its schema. Throws when the description is missing.
 */
export function validateAgentExchange(exchange: AgentExchange): string[] {
  validator ??= new AgentDescription(parse(readFileSync(DESCRIPTION, 'utf8')));
  return validator.problems(exchange);
}

/** Every operation that the description has, as `METHOD /path`. */
export function describedOperations(): string[] {
  const { paths } = parse(readFileSync(DESCRIPTION, 'utf8')) as { paths: Record<string, Json> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

let validator: AgentDescription | null = null;

class AgentDescription {
  private readonly document: Json;
  private readonly ajv: Ajv;
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(document: Json) {
    this.document = toJsonSchema(document) as Json;
    this.ajv = new Ajv({ strict: false, allErrors: true });
    // The plugin's default export is the module itself under this module resolution.
    (addFormats as unknown as (ajv: Ajv) => void)(this.ajv);
    this.ajv.addSchema(this.document, 'agent');
  }

  problems({ method, path, requestBody, status, responseBody }: AgentExchange): string[] {
    const plain = path.replace(/\?.*$/, '').replace(/^\/v1(?=\/)/, '');
    const template = this.templateOf(plain);
    const where = `${method} ${template ?? plain} → ${status}`;
    const pointer = template === null ? null : ['paths', template, method.toLowerCase()];
    const operation = pointer && (this.at(pointer) as Json | undefined);
    if (!pointer || !operation) {
      return BEFORE_ROUTING.includes(status)
        ? this.errorProblems(where, responseBody)
        : [`${where}: unknown operation`];
    }
    const asked = status === 400 ? [] : this.requestProblems(where, pointer, operation, requestBody);
    return [...asked, ...this.responseProblems(where, pointer, template ?? '', status, responseBody)];
  }

  private requestProblems(where: string, pointer: string[], operation: Json, body: unknown): string[] {
    if (!operation.requestBody)
      return body === undefined ? [] : [`${where}: a request body where none is described`];
    const { required } = operation.requestBody as Json;
    if (body === undefined) return required === true ? [`${where}: the request body is missing`] : [];
    const schema = [...pointer, 'requestBody', 'content', 'application/json', 'schema'];
    return this.check(`${where}: request`, schema, body);
  }

  private responseProblems(
    where: string,
    pointer: string[],
    template: string,
    status: number,
    body: unknown,
  ): string[] {
    const operation = `${pointer[2]?.toUpperCase()} ${template}`;
    let response = [...pointer, 'responses', String(status)];
    const described = this.at(response) as Json | undefined;
    if (!described) {
      const allowed = ALLOWED_DIFFERENCES.some((one) => one.operation === operation && one.status === status);
      return allowed || BEFORE_ROUTING.includes(status)
        ? this.errorProblems(where, body)
        : [`${where}: a status that is not described`];
    }
    if (typeof described.$ref === 'string') response = described.$ref.replace('#/', '').split('/');
    const content = this.at([...response, 'content']) as Json | undefined;
    if (!content)
      return body === undefined || body === '' ? [] : [`${where}: a body where none is described`];
    if (!content['application/json']) return [];
    return this.check(`${where}: response`, [...response, 'content', 'application/json', 'schema'], body);
  }

  private errorProblems(where: string, body: unknown): string[] {
    return this.check(`${where}: response`, ['components', 'schemas', 'ErrorResponse'], body);
  }

  private check(where: string, pointer: string[], value: unknown): string[] {
    const reference = `agent#/${pointer.map(escapePointer).join('/')}`;
    let validate = this.compiled.get(reference);
    if (!validate) {
      validate = this.ajv.compile({ $ref: reference });
      this.compiled.set(reference, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${where}${error.instancePath} ${error.message}`);
  }

  /** The path in the description that matches a real one; a path without parameters is preferred. */
  private templateOf(path: string): string | null {
    const templates = Object.keys(this.document.paths as Json);
    if (templates.includes(path)) return path;
    const fits = (template: string) => {
      const [wanted, given] = [template.split('/'), path.split('/')];
      return (
        wanted.length === given.length &&
        wanted.every((part, index) => part.startsWith('{') || part === given[index])
      );
    };
    return templates.find(fits) ?? null;
  }

  private at(pointer: string[]): unknown {
    return pointer.reduce<unknown>((node, key) => (node as Json | undefined)?.[key], this.document);
  }
}

/** OpenAPI 3.0 uses `nullable`, JSON Schema an alternative; everything else means the same in both. */
function toJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, example: _example, ...rest } = node as Json;
  const schema = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, toJsonSchema(value)]));
  return nullable === true ? { anyOf: [{ type: 'null' }, schema] } : schema;
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
