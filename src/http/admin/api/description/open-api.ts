import { z } from 'zod';
import { ROUTES } from './route-descriptions.ts';

const said = z.object({ message: z.string() });

/** Returns the OpenAPI 3.1 description of the API. */
export function openApi(): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, summary, query = {}, answer } of ROUTES) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const content =
      typeof answer === 'string'
        ? { [answer]: { schema: { type: 'string' } } }
        : { 'application/json': { schema: jsonSchema(answer) } };
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        parameters: [
          ...inPath.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
          ...Object.entries(query).map(([name, description]) => ({
            name,
            in: 'query',
            description,
            schema: { type: 'string' },
          })),
        ],
        responses: {
          200: { description: summary, content },
          default: {
            description: 'A refusal.',
            content: { 'application/json': { schema: jsonSchema(said) } },
          },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'jeballto-runner admin API', version: '1' },
    security: [{ adminToken: [] }],
    components: {
      securitySchemes: {
        adminToken: {
          type: 'http',
          scheme: 'bearer',
          description:
            'admin.token, or admin.read_token for requests that only read; not needed when no token is set.',
        },
      },
    },
    paths,
  };
}

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return rest;
}
