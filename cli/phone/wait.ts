/**
 * Waiting for something to become true, with an end.
 *
 * @module
 */

/** How often a condition is looked at, unless asked otherwise. */
const POLL_MS = 5;

/** Gives what is waited for, or false, null or undefined while it isn't there. */
export type Probe<T> = () => T | null | undefined | false;

/**
 * Looks every few ms until `probe` gives something that is not false, null or undefined.
 *
 * @param describe Says what was waited for, for the error.
 * @param everyMs How often; 5 is fine for a test, many phones at once want it rarer.
 * @throws {Error} After `timeoutMs`.
 */
export function poll<T>(
  probe: Probe<T>,
  timeoutMs: number,
  describe: () => string,
  everyMs = POLL_MS,
): Promise<T> {
  const untilMs = performance.now() + timeoutMs;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      try {
        const found = probe();
        if (found !== false && found !== null && found !== undefined) return resolve(found);
      } catch (error) {
        return reject(error);
      }
      if (performance.now() >= untilMs) {
        return reject(new Error(`Waited ${timeoutMs} ms in vain for ${describe()}`));
      }
      setTimeout(look, everyMs);
    };
    look();
  });
}
