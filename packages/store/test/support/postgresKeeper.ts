/** A process that runs a Postgres server, prints its address, and stops it when its own standard input ends. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { makeTestPostgres } from "./TestPostgres.ts"

const inputEnds = Effect.callback<void>((resume) => {
  process.stdin.resume().once("end", () => resume(Effect.void))
})

NodeRuntime.runMain(Effect.scoped(Effect.flatMap(makeTestPostgres, ({ url }) => Effect.andThen(Console.log(url), inputEnds))))
