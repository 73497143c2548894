/**
 * Waiting with an end.
 *
 * @module
 */

/**
 * What `work` comes to, or what `late` gives when that takes longer than `ms`; `late` may throw. What
 * becomes of the work after that is nobody's business, its failure neither.
 */
export async function within<T>(ms: number, work: Promise<T>, late: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<void>((go) => timer = setTimeout(go, ms)).then(late);
  try {
    return await Promise.race([work, timeUp]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
