import type { Config } from '../config/schema.ts';
import type { WebhookReceiverOptions } from '../intake/webhooks/webhook-receiver.ts';

/** Returns which deliveries the config in force accepts. */
export const webhookTerms = (
  config: () => Pick<Config, 'github'>,
): Pick<WebhookReceiverOptions, 'secret' | 'allowed'> => ({
  secret: () => config().github.webhook_secret ?? null,
  allowed: () => {
    const { owner, repositories } = config().github;
    return { owner, repositories: repositories.length > 0 ? repositories : null };
  },
});
