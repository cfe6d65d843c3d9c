/**
 * Profiles of the engine while it runs: where a thread spends its time, and what the heap holds.
 *
 * One at a time, of bounded length, into a folder of the data directory that nobody else may read, under names of the engine's own: a caller names no
 * path. Of older ones the newest few are kept.
 */
import { NotProfiled, type profiledThreads, profileSecondsMax } from "@evenkeel/api/contract/group/Status"
import type { ProfileFile } from "@evenkeel/api/server/EngineStatus"
import { ThreadProfiles } from "@evenkeel/runtime/worker/ThreadProfiles"
import { Clock, DateTime, Effect, FileSystem, Semaphore } from "effect"
import { Session } from "node:inspector"
import { getHeapSnapshot } from "node:v8"
import { createWriteStream } from "node:fs"
import { pipeline } from "node:stream"

/** Files that are kept: a snapshot may be as large as the heap. */
const keptMax = 4
const folderMode = 0o700
const fileMode = 0o600

const failed = (problem: string) => new NotProfiled({ problem })
const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** The main thread's own profile, from `Profiler.start` to `Profiler.stop`. */
const profileMain = (seconds: number) =>
  Effect.gen(function* () {
    const session = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const made = new Session()
        made.connect()
        return made
      }),
      (made) => Effect.sync(() => made.disconnect())
    )
    const post = (method: "Profiler.enable" | "Profiler.start" | "Profiler.stop") =>
      Effect.callback<unknown, NotProfiled>((resume) =>
        session.post(method, (error: Error | null, answer?: object) =>
          resume(error === null ? Effect.succeed(answer) : Effect.fail(failed(error.message)))
        )
      )
    yield* post("Profiler.enable")
    yield* post("Profiler.start")
    yield* Effect.sleep(seconds * 1000)
    const answer = yield* post("Profiler.stop")
    return JSON.stringify((answer as { readonly profile: unknown }).profile)
  }).pipe(Effect.scoped)

export const makeProfiling = Effect.fnUntraced(function* (data: string) {
  const files = yield* FileSystem.FileSystem
  const threads = yield* ThreadProfiles
  const one = yield* Semaphore.make(1)
  const folder = `${data}/profiles`

  const profileThread = Effect.fnUntraced(function* (name: string, seconds: number) {
    const thread = threads.get(name)
    if (thread === undefined) return yield* failed(`no thread ${name} runs`)
    const asked = <A>(question: () => Promise<A>) => Effect.tryPromise({ try: question, catch: (error) => failed(wordsOf(error)) })
    const handle = yield* asked(() => thread.startCpuProfile())
    yield* Effect.sleep(seconds * 1000)
    return yield* asked(() => handle.stop())
  })

  const prepare = Effect.gen(function* () {
    yield* files.makeDirectory(folder, { recursive: true, mode: folderMode })
    yield* files.chmod(folder, folderMode)
    const old = (yield* files.readDirectory(folder)).sort().slice(0, 1 - keptMax)
    for (const name of old) yield* files.remove(`${folder}/${name}`, { recursive: true })
  }).pipe(Effect.mapError((error) => failed(error.message)))

  const pathOf = (what: string, ending: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const time = DateTime.formatIso(DateTime.makeUnsafe(now)).replace(/[^0-9T]/g, "")
      return `${folder}/${time}-${what}.${ending}`
    })
  const sized = (path: string): Effect.Effect<ProfileFile, NotProfiled> =>
    files.stat(path).pipe(
      Effect.map(({ size }) => ({ path, bytes: Number(size) })),
      Effect.mapError((error) => failed(error.message))
    )
  const alone = <A>(self: Effect.Effect<A, NotProfiled>) =>
    one
      .withPermitsIfAvailable(1)(Effect.andThen(prepare, self))
      .pipe(
        Effect.flatMap((taken) =>
          taken._tag === "Some"
            ? Effect.succeed(taken.value)
            : Effect.fail(failed("another profile is being taken: ask again once it is done"))
        )
      )

  const profile = (thread: (typeof profiledThreads)[number], seconds: number) =>
    alone(
      Effect.gen(function* () {
        const bounded = Math.min(seconds, profileSecondsMax)
        const path = yield* pathOf(thread, "cpuprofile")
        const text = yield* thread === "main" ? profileMain(bounded) : profileThread(thread, bounded)
        yield* files.writeFileString(path, text, { mode: fileMode, flag: "wx" }).pipe(Effect.mapError((error) => failed(error.message)))
        return yield* sized(path)
      })
    )
  const heap = alone(
    Effect.gen(function* () {
      const path = yield* pathOf("main", "heapsnapshot")
      yield* Effect.callback<void, NotProfiled>((resume) => {
        pipeline(getHeapSnapshot(), createWriteStream(path, { mode: fileMode, flags: "wx" }), (error) =>
          resume(error === null || error === undefined ? Effect.void : Effect.fail(failed(error.message)))
        )
      })
      return yield* sized(path)
    })
  )
  return { profile, heap }
})
