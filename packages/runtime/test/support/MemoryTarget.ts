/** A log target that keeps what it is given, and can be made to wait or to fail. */
import { Effect } from "effect"
import { type LogTarget, LogWriteFailed } from "../../src/log/LogTarget.ts"

export const memoryTarget = () => {
  let text = ""
  const state: { problem: string | undefined; gate: Effect.Effect<void> } = { problem: undefined, gate: Effect.void }
  const target: LogTarget = {
    write: (more) =>
      Effect.suspend(() => state.gate).pipe(
        Effect.andThen(
          Effect.suspend(() => (state.problem === undefined ? Effect.void : Effect.fail(new LogWriteFailed({ problem: state.problem }))))
        ),
        Effect.andThen(Effect.sync(() => void (text += more)))
      ),
    writeSync: (more) => void (text += more),
    reopen: () => {}
  }
  return Object.assign(target, { state, lines: () => text.split("\n").filter((line) => line !== "") })
}
