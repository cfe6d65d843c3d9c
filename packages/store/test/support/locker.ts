/** A process that tries to take a directory's lock, says what came of it, and stays until it is killed. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { lockDirectory } from "../../src/database/ProcessLock.ts"

const tried = Effect.matchEffect(lockDirectory(process.argv[2]!), {
  onFailure: (error) => Console.log(error._tag),
  onSuccess: () => Console.log("locked")
})
NodeRuntime.runMain(tried.pipe(Effect.andThen(Effect.never), Effect.scoped, Effect.provide(NodeServices.layer)))
