export interface RouteCount {
  requests: number;
  /** Of these, answered with 304. */
  notModified: number;
  byStatus: Record<number, number>;
}

/** How often each route was asked, so that a test can measure what a controller costs. */
export class RequestLog {
  private readonly routes = new Map<string, RouteCount>();

  /** `route` is `METHOD /path` with the route's own parameters; `cut` is a connection that ended without an answer. */
  note(route: string, status: number | 'cut'): void {
    const count = this.of(route);
    this.routes.set(route, count);
    count.requests += 1;
    if (status === 304) count.notModified += 1;
    if (status !== 'cut') count.byStatus[status] = (count.byStatus[status] ?? 0) + 1;
  }

  of(route: string): RouteCount {
    return this.routes.get(route) ?? { requests: 0, notModified: 0, byStatus: {} };
  }

  all(): Record<string, RouteCount> {
    return Object.fromEntries(this.routes);
  }

  /** Sets all counts to zero. */
  reset(): void {
    this.routes.clear();
  }
}
