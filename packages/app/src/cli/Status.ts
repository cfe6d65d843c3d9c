/** `evenkeel status`, `top`, `profile` and `heap`: how the engine that runs is. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { json, positive } from "./Parameters.ts"
import { config, load } from "./Root.ts"

const commands = load(() => import("../command/Status.ts"))

export const status = Command.make(
  "status",
  { json },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runStatus } = yield* commands
    yield* runStatus(known, options.json)
  })
).pipe(Command.withDescription("How the running engine is: stages, components, process, and what holds it up"))

export const top = Command.make(
  "top",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runTop } = yield* commands
    yield* runTop(known)
  })
).pipe(Command.withDescription("The same, redrawn each second"))

const out = (what: string) => Flag.String("out").pipe(Flag.withDescription(`Where the ${what} is put; no file may be there`))

export const profile = Command.make(
  "profile",
  {
    seconds: positive("seconds").pipe(Flag.withDescription("How long, 60 at most"), Flag.withDefault(10)),
    thread: Flag.Literals("thread", ["main", "hotpath"]).pipe(Flag.withDescription("Which thread"), Flag.withDefault("main" as const)),
    out: out("profile (.cpuprofile)")
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runProfile } = yield* commands
    yield* runProfile(known, options)
  })
).pipe(Command.withDescription("Where a thread of the running engine spends its time"))

export const heap = Command.make(
  "heap",
  { out: out("snapshot (.heapsnapshot)") },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runHeap } = yield* commands
    yield* runHeap(known, options.out)
  })
).pipe(Command.withDescription("What the running engine's heap holds; the engine stands still meanwhile"))
