/** A program of a user's own, outside the repository: `pnpm packed` copies it, compiles it against the installed packages and runs it. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { hotPathEntry } from "@evenkeel/detection/host/HotPathThreads"
import { shippedModel } from "@evenkeel/detection/model/ModelFiles"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { playPrices } from "../support/PlayPrices.ts"

const say = (line: string) => process.stdout.write(`${line}\n`)

const steady = Array.from({ length: 120 }, (_, minute) => 1 + (minute % 3) * 1e-5)
const falling = Array.from({ length: 10 }, (_, minute) => 0.998 - minute * 0.001)

const program = Effect.gen(function* () {
  const said = yield* playPrices([...steady, ...falling], 3)
  say(`engine: ${said.map(({ kind, level }) => `${kind} ${level}`).join(", ")}`)

  const module = new URL("data:text/javascript,export const double = (n) => 2 * n")
  const pool = yield* WorkerPool
  say(`thread: ${String(yield* pool.run({ priority: "medium", module, function: "double", input: 21 }))}`)

  const decoders = (yield* Venues).threadSources.flatMap(({ decoder }) => (decoder === undefined ? [] : [decoder.module]))
  const files = [shippedModel, ...[hotPathEntry, ...decoders].map((url) => fileURLToPath(url))]
  say(`missing: ${files.filter((file) => !existsSync(file)).join(", ") || "none"} of ${files.length}`)
}).pipe(Effect.provide(WorkerPool.layer({ threads: 1, waitingMax: 1 }).pipe(Layer.provide(HealthRegistry.layer))))

NodeRuntime.runMain(program)
