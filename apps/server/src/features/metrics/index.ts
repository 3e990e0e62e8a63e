/**
 * Figures about the server itself, in the text format of Prometheus.
 * Not for measurements of clients (monitoring), nor for counting: each part counts for itself, this reads at a scrape.
 * Start at metrics.ts (what is told), then exposition.ts (how it is written).
 */
export { createMetrics, type MetricsDeps } from './metrics.ts'
export { type MetricsAccess, metricsPage } from './metrics-page.ts'
export { createRequestTimes, type RequestTimes } from './request-times.ts'
