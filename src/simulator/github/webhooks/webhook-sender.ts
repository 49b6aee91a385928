/** One webhook request, as it goes over the wire. */
export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds within which a response has to come. */
  readonly timeoutMs: number;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends a webhook. Rejects when no response came in time. */
export type SendWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>;

/** Sends webhooks over HTTP. Like GitHub, it does not follow redirects. */
export const sendOverHttp: SendWebhook = async ({ url, headers, body, timeoutMs }) => {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  return { status: response.status, body: await response.text() };
};
