import { z } from 'zod';
import { flagFrom, limitFrom, offsetFrom } from '../http/query.ts';
import { noContent, ok } from '../http/reply.ts';
import { idOf, jsonBody, type Route, requireFeatures } from '../http/router.ts';
import { parseImageReference } from '../images/image-reference.ts';
import { imageResponse } from '../images/image-store.ts';
import { imageOf, pullResponse } from '../images/pull-operation.ts';
import { cancelPull, listPulls, pullById, startPull } from '../images/pulls.ts';
import { Refusal } from '../refusal.ts';
import { readFields } from '../vms/vm-fields.ts';

const pullFields = z.object({
  reference: z.string(),
  timeout: z.int().min(1).max(604_800).nullish(),
  async: z.boolean().nullish(),
});

export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images',
    handle: ({ world, query }) => {
      const limit = limitFrom(query);
      const offset = offsetFrom(query);
      const images = world.images.list();
      const page = images.slice(offset, offset + limit).map(imageResponse);
      return ok({ images: page, total: images.length, limit, offset });
    },
  },
  {
    method: 'GET',
    path: '/images/:id',
    handle: (request) => ok(imageResponse(request.world.images.byId(idOf(request)))),
  },
  {
    method: 'DELETE',
    path: '/images/:id',
    handle: (request) => {
      request.world.images.delete(idOf(request));
      return noContent;
    },
  },
  {
    method: 'POST',
    path: '/images/pull',
    handle: async (request) => {
      const { world } = request;
      const fields = readFields(pullFields, jsonBody(request));
      const reference = parseImageReference(fields.reference, world.options.registry.defaultRegistry);
      if (typeof reference === 'string') {
        throw new Refusal(400, 'INVALID_REFERENCE', `Invalid image reference: ${reference}`);
      }
      requireFeatures(world, 'ociImagePackaging');
      const timeoutMs = fields.timeout == null ? null : fields.timeout * 1000;
      const detached = fields.async === true;
      const operation = startPull(world, reference, timeoutMs, detached ? request.life : request.signal);
      if (detached) return { status: 202, body: pullResponse(operation) };
      await operation.ended;
      imageOf(operation);
      return ok(pullResponse(operation));
    },
  },
  {
    method: 'GET',
    path: '/images/pull/operations',
    handle: ({ world, query }) => {
      const activeOnly = flagFrom(query, 'activeOnly', true);
      const operations = listPulls(world, activeOnly);
      return ok({
        operations: operations.map(pullResponse),
        total: operations.length,
        activeOnly,
        type: 'pull',
      });
    },
  },
  {
    method: 'DELETE',
    path: '/images/pull/operations',
    handle: async ({ world }) => {
      const operations = await Promise.all(listPulls(world, true).map(({ id }) => cancelPull(world, id)));
      const { length } = operations;
      return ok({ cancelled: length, tasksCancelled: length, operations: operations.map(pullResponse) });
    },
  },
  {
    method: 'GET',
    path: '/images/pull/operations/:id',
    handle: (request) => ok(pullResponse(pullById(request.world, idOf(request)))),
  },
  {
    method: 'DELETE',
    path: '/images/pull/operations/:id',
    handle: async (request) => ok(pullResponse(await cancelPull(request.world, idOf(request)))),
  },
  {
    method: 'GET',
    path: '/images/push/operations',
    handle: ({ query }) => {
      const activeOnly = flagFrom(query, 'activeOnly', true);
      return ok({ operations: [], total: 0, activeOnly, type: 'push' });
    },
  },
  {
    method: 'DELETE',
    path: '/images/push/operations',
    handle: () => ok({ cancelled: 0, tasksCancelled: 0, operations: [] }),
  },
  { method: 'GET', path: '/images/push/operations/:id', handle: noPush },
  { method: 'DELETE', path: '/images/push/operations/:id', handle: noPush },
];

/** A simulated Mac never starts a push. */
function noPush(): never {
  throw new Refusal(404, 'IMAGE_OPERATION_NOT_FOUND', 'Image push operation not found');
}
