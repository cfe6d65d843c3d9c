/**
 * A few threads for work that is too long for the main one: training, compression, reports.
 *
 * A job is a module and the name of a function in it. Waiting jobs go by priority, and by age within one; each priority has its own
 * bound, so that a flood of reports cannot keep market data out. A thread that dies fails its job and is replaced.
 */
import { Context, Deferred, Effect, Layer, Schema } from "effect"
import { Worker } from "node:worker_threads"
import { HealthRegistry } from "../health/HealthRegistry.ts"

/** Highest first: market data, risk, analytics, housekeeping. */
export const priorities = ["critical", "high", "medium", "low"] as const
export type Priority = (typeof priorities)[number]

export interface Job {
  readonly priority: Priority
  /** Module with the function; it is loaded in the thread. */
  readonly module: URL
  readonly function: string
  /** Passed by structured clone, and so is the answer. */
  readonly input: unknown
}

export class WorkerPool extends Context.Service<
  WorkerPool,
  {
    /** Runs a job and gives back what its function returned. Interrupting a job that runs ends its thread. */
    readonly run: (job: Job) => Effect.Effect<unknown, PoolFull | JobFailed>
  }
>()("@evenkeel/runtime/worker/WorkerPool") {
  static readonly layer = (options: { readonly threads: number; readonly waitingMax: number }) =>
    Layer.effect(WorkerPool, makePool(options))
}

/** As many jobs of this priority wait as may. */
export class PoolFull extends Schema.TaggedError<PoolFull>()("PoolFull", {
  priority: Schema.Literals(priorities),
  waitingMax: Schema.Int
}) {}

export class JobFailed extends Schema.TaggedError<JobFailed>()("JobFailed", { function: Schema.String, cause: Schema.Defect() }) {
  override get message() {
    return `${this.function}: ${String(this.cause)}`
  }
}

interface Waiting {
  readonly job: Job
  readonly done: Deferred.Deferred<unknown, JobFailed>
}

interface Thread {
  readonly worker: Worker
  current: Waiting | undefined
}

const makePool = Effect.fnUntraced(function* (options: { readonly threads: number; readonly waitingMax: number }) {
  const health = yield* HealthRegistry
  const waiting: Record<Priority, Array<Waiting>> = { critical: [], high: [], medium: [], low: [] }
  const threads: Array<Thread> = []
  let closed = false

  const finish = (thread: Thread, effect: Effect.Effect<unknown, JobFailed>) => {
    const current = thread.current
    thread.current = undefined
    if (current !== undefined) Deferred.doneUnsafe(current.done, effect)
    dispatch()
  }
  const failure = (thread: Thread, cause: unknown) =>
    Effect.fail(new JobFailed({ function: thread.current?.job.function ?? "thread", cause }))
  const start = (index: number): void => {
    const worker = new Worker(new URL(import.meta.resolve("@evenkeel/runtime/worker/pool.worker")), { name: `evenkeel-pool-${index}` })
    const thread: Thread = { worker, current: undefined }
    threads[index] = thread
    worker.on("message", (answer: { readonly value: unknown } | { readonly failed: unknown }) =>
      finish(thread, "value" in answer ? Effect.succeed(answer.value) : failure(thread, answer.failed))
    )
    let cause: unknown
    worker.once("error", (error) => {
      cause = error
    })
    worker.once("exit", (code) => {
      if (closed) return
      // Replaced first, so that the next job does not go to the dead.
      start(index)
      finish(thread, failure(thread, cause ?? `the thread ended with ${code}`))
    })
    worker.unref()
  }
  const dispatch = (): void => {
    for (const thread of threads) {
      if (thread === undefined || thread.current !== undefined || closed) continue
      const next = priorities
        .map((priority) => waiting[priority])
        .find((queue) => queue.length > 0)
        ?.shift()
      if (next === undefined) return
      thread.current = next
      thread.worker.postMessage({ module: next.job.module.href, function: next.job.function, input: next.job.input })
    }
  }
  for (let index = 0; index < options.threads; index++) start(index)
  for (const priority of priorities) yield* health.gauge("worker-pool", `waiting_${priority}`, () => waiting[priority].length)
  yield* health.report("worker-pool", "running")
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => {
      closed = true
      return Promise.all(threads.map(({ worker }) => worker.terminate()))
    })
  )

  return WorkerPool.of({
    run: Effect.fnUntraced(function* (job) {
      const queue = waiting[job.priority]
      if (queue.length >= options.waitingMax) return yield* new PoolFull({ priority: job.priority, waitingMax: options.waitingMax })
      const entry: Waiting = { job, done: yield* Deferred.make<unknown, JobFailed>() }
      queue.push(entry)
      dispatch()
      return yield* Deferred.await(entry.done).pipe(
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            const at = queue.indexOf(entry)
            if (at >= 0) queue.splice(at, 1)
            else void threads.find(({ current }) => current === entry)?.worker.terminate()
          })
        )
      )
    })
  })
})
