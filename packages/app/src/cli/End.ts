/**
 * What ends the program when its own end does not come, or when nobody reads what it prints.
 *
 * The first signal lets the engine drain. A database that never answers must not keep the process for ever, and who sends a second signal means it.
 */
const drainMillisMax = 30_000

/** A second signal sooner than this is the same one, passed on by a terminal and by npm alike. */
const sameSignalMillis = 500

const leave = (why: string): never => {
  process.stderr.write(`evenkeel ends at once: ${why}; what was not written is lost\n`)
  process.exit(1)
}

export const endInAnyCase = (): void => {
  let first: number | undefined
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (first !== undefined) {
        if (performance.now() - first > sameSignalMillis) leave("it was told so again")
        return
      }
      first = performance.now()
      setTimeout(() => leave(`its parts have not ended within ${drainMillisMax / 1000} s`), drainMillisMax).unref()
    })
  }
  // Of a pipe that is closed (`| head`): an engine goes on, other commands end by themselves.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
}
