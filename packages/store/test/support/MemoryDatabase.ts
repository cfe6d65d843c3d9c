/**
 * The embedded database in memory, for tests. Starting one takes longer than most tests do, so a process keeps its first: whoever opens it finds it
 * empty. While it is open another one is started for whoever else asks.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { migrate } from "@evenkeel/store/database/Migrations"
import { connect } from "@evenkeel/store/database/Connection"
import { findTemplate, layerClient, layerEmbedded, open } from "@evenkeel/store/database/Embedded"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Worker } from "node:worker_threads"

let kept: Worker | undefined
let taken = false

const start = Effect.gen(function* () {
  const template = yield* findTemplate
  kept ??= yield* open({ directory: "memory://", template: template?.href })
  // It must not keep the process alive when all tests are done.
  kept.unref()
  return kept
})

/** What a test has left. */
const empty = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const statement of ["discard all", "drop schema public cascade", "create schema public"]) yield* sql.unsafe(statement)
})

const layerKept = Layer.unwrap(
  Effect.gen(function* () {
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        taken = true
      }),
      () =>
        Effect.sync(() => {
          taken = false
        })
    )
    const worker = yield* start
    return Layer.effectDiscard(empty).pipe(Layer.provideMerge(layerClient(() => connect(worker))))
  })
)

/** Without any table. */
export const layerEmptyMemory = Layer.suspend(() => (taken ? layerEmbedded("memory://") : layerKept)).pipe(
  Layer.provide(NodeServices.layer)
)

export const layerMemoryDatabase = Layer.effectDiscard(migrate).pipe(Layer.provideMerge(layerEmptyMemory))
