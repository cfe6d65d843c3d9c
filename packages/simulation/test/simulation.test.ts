/** A few worlds of the simulation, within the tests' time; `pnpm sim` runs as many as one likes. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { startDatabase } from "@evenkeel/simulation/database/SimulatedDatabase"
import { simulate } from "@evenkeel/simulation/Simulation"
import { Effect } from "effect"

/** `TEST_SEEDS=100` for a longer trial. */
const seeds = Number(process.env["TEST_SEEDS"] ?? 3)

describe("a simulated world", () => {
  it.live(
    `keeps every promise, and is the same each time (${seeds} seeds)`,
    () =>
      Effect.gen(function* () {
        const database = yield* startDatabase
        for (let seed = 1; seed <= seeds; seed++) {
          const { log, violations } = yield* simulate(seed, database)
          assert.deepStrictEqual(violations, [], `seed ${seed}\n${log.slice(-40).join("\n")}`)
        }
        // Keys of alerts hold the log's id, which is drawn anew.
        const plain = (lines: ReadonlyArray<string>) => lines.map((line) => line.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "log"))
        const again = Effect.map(simulate(3, database), ({ log }) => plain(log))
        assert.deepStrictEqual(yield* again, yield* again)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000 + seeds * 15_000
  )
})
