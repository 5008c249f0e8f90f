/**
 * What all sources yield, in the order in which it comes, from at most `width` of them at a time. None is asked for more than
 * the consumer takes; when it ends early, or one source fails, the others are ended too.
 */
export async function* sideBySide<T>(
  sources: readonly (() => AsyncGenerator<T, void, void>)[],
  width: number,
): AsyncGenerator<T, void, void> {
  interface Running {
    readonly generator: AsyncGenerator<T, void, void>;
    next: Promise<{ readonly of: Running; readonly result: IteratorResult<T, void> }>;
  }
  const running = new Set<Running>();
  let started = 0;
  const ask = (one: Running): Running['next'] => one.generator.next().then((result) => ({ of: one, result }));
  const startNext = (): void => {
    const one = { generator: sources[started++]!() } as Running;
    one.next = ask(one);
    running.add(one);
  };
  try {
    while (running.size > 0 || started < sources.length) {
      while (running.size < width && started < sources.length) startNext();
      const { of: one, result } = await Promise.race([...running].map(({ next }) => next));
      if (result.done === true) {
        running.delete(one);
        continue;
      }
      yield result.value;
      one.next = ask(one);
    }
  } finally {
    await Promise.all(
      [...running].map(async ({ generator, next }) => {
        await generator.return().catch(() => {});
        await next.catch(() => {});
      }),
    );
  }
}
