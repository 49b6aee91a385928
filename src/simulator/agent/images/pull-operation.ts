import { timestamp } from '../identifiers.ts';
import { Refusal } from '../refusal.ts';
import { imageResponse, type LocalImage } from './image-store.ts';

export type PullStatus = 'started' | 'running' | 'cancelling' | 'completed' | 'failed' | 'cancelled';

/**
 * Why a pull did not succeed. A blocking route and a polled operation report the same failure with different
 * codes.
 */
export interface PullFailure {
  refusal: Refusal;
  operationCode: string;
}

export interface PullOperation {
  readonly id: string;
  readonly reference: string;
  status: PullStatus;
  chunksCompleted: number;
  bytesCompleted: number;
  /** Null until the manifest is known. */
  bytesTotal: number | null;
  readonly startedAt: number;
  updatedAt: number;
  completedAt: number | null;
  image: LocalImage | null;
  failure: PullFailure | null;
  /** Aborted by a cancellation, a deadline, or the end of the agent. */
  readonly stop: AbortController;
  /** Resolves when the operation has reached its last status; never rejects. */
  ended: Promise<void>;
}

/** A pull downloads in this many steps, each visible as progress. */
export const CHUNKS = 8;

export const isActive = (operation: PullOperation) => operation.completedAt === null;

/** Returns the pull's image. Throws what a blocking route returns for a pull that did not succeed. */
export function imageOf(operation: PullOperation): LocalImage {
  if (operation.failure) throw operation.failure.refusal;
  if (!operation.image) throw new Refusal(500, 'IMAGE_PULL_FAILED', 'Image pull ended without an image');
  return operation.image;
}

/**
 * Null until there is progress. Stays below 1 until the commit; an image that the host already has completes
 * with 1.
 */
function progressOf({ status, bytesCompleted, bytesTotal }: PullOperation): number | null {
  if (status === 'completed') return 1;
  return bytesTotal === null ? null : Math.min(0.99, twoDecimals(bytesCompleted / bytesTotal));
}

/** Millions of bytes a second, null until some have arrived. */
function averageSpeed({ startedAt, updatedAt, completedAt, bytesCompleted }: PullOperation): number | null {
  const milliseconds = (completedAt ?? updatedAt) - startedAt;
  return milliseconds > 0 && bytesCompleted > 0 ? twoDecimals(bytesCompleted / 1000 / milliseconds) : null;
}

const twoDecimals = (value: number) => Math.round(value * 100) / 100;

export function pullResponse(operation: PullOperation) {
  const { bytesTotal, completedAt, image, failure } = operation;
  const progress = progressOf(operation);
  const averageSpeedMBps = averageSpeed(operation);
  return {
    operationId: operation.id,
    statusUrl: `/v1/images/pull/operations/${operation.id}`,
    type: 'pull',
    reference: operation.reference,
    status: operation.status,
    ...(progress === null ? {} : { progress }),
    ...(averageSpeedMBps === null ? {} : { averageSpeedMBps }),
    chunksCompleted: operation.chunksCompleted,
    bytesCompleted: operation.bytesCompleted,
    ...(bytesTotal === null ? {} : { chunksTotal: CHUNKS, bytesTotal }),
    startedAt: timestamp(operation.startedAt),
    updatedAt: timestamp(operation.updatedAt),
    ...(completedAt === null ? {} : { completedAt: timestamp(completedAt) }),
    ...(image ? { digest: image.digest, image: imageResponse(image) } : {}),
    ...(failure ? { errorCode: failure.operationCode, error: failure.refusal.message } : {}),
  };
}
