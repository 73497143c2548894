/**
 * Percentiles, and lines of figures that line up.
 *
 * @module
 */

/** The nearest rank, so that it is always a value that occurred; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

/** `p50 61.2  p95 80.4  max 91.0 ms (n 40)` */
export function summary(values: readonly number[]): string {
  const show = (value: number) => value.toFixed(1).padStart(6);
  return `p50 ${show(percentile(values, 50))}  p95 ${show(percentile(values, 95))}  ` +
    `max ${show(percentile(values, 100))} ms  (n ${values.length})`;
}

/** Prints a figure with its name. */
export function tell(name: string, value: string): void {
  console.log(`  ${name.padEnd(44)} ${value}`);
}
