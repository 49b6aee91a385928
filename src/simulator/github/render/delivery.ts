import type { GitHubWorld } from '../github-world.ts';
import type { Delivery } from '../webhooks/delivery-log.ts';
import { webhookPayload } from '../webhooks/webhook-payload.ts';

/** A delivery as the list has it. */
export function renderDeliveryItem({ announcement, hook, ...delivery }: Delivery) {
  const { target } = hook;
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: new Date(delivery.deliveredAt).toISOString(),
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: announcement.event,
    action: announcement.action,
    installation_id: target.kind === 'integration' ? target.installationId : null,
    repository_id: announcement.event === 'workflow_job' ? announcement.job.run.repository.id : null,
    throttled_at: null,
  };
}

export function renderDelivery(world: GitHubWorld, delivery: Delivery) {
  const { hook, announcement, requestHeaders, answer } = delivery;
  return {
    ...renderDeliveryItem(delivery),
    url: hook.url,
    request: { headers: requestHeaders, payload: webhookPayload(world, hook, announcement) },
    response: { headers: {}, payload: answer },
  };
}
