/** What the operating system and Node say of the process: processor, memory, event loop, collections of garbage, files, threads, disk. */
import type { ProcessView } from "@evenkeel/api/contract/group/Status"
import { Effect } from "effect"
import { readdirSync, statfs } from "node:fs"
import { constants, monitorEventLoopDelay, performance, PerformanceObserver } from "node:perf_hooks"

/** The event loop's delay is measured by a timer of this interval, which is no delay. */
const resolutionMillis = 20
/** Delays are of the last minute: two histograms take turns, so that there is always half a minute of them. */
const delaySeconds = 30

const kinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weak callbacks"
}

const kindOf = (entry: object): number =>
  "detail" in entry && typeof entry.detail === "object" && entry.detail !== null && "kind" in entry.detail ? Number(entry.detail.kind) : 0

/** Entries of a folder that only some systems have. */
const entriesOf = (path: string): Effect.Effect<number | null> =>
  Effect.sync(() => readdirSync(path).length).pipe(Effect.catchDefect(() => Effect.succeed(null)))

interface Delays {
  readonly p99: number
  readonly max: number
}

/** An effect that looks anew each time; `directory` is on the disk whose room is told. */
export const makeProcessNumbers = Effect.fnUntraced(function* (directory: string) {
  const collections = new Map(Object.values(kinds).map((kind) => [kind, { count: 0, seconds: 0 }]))
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const found = collections.get(kinds[kindOf(entry)] ?? "")
          if (found === undefined) continue
          found.count++
          found.seconds += entry.duration / 1000
        }
      })
      observer.observe({ entryTypes: ["gc"] })
      return observer
    }),
    (observer) => Effect.sync(() => observer.disconnect())
  )
  const delay = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const histogram = monitorEventLoopDelay({ resolution: resolutionMillis })
      histogram.enable()
      return histogram
    }),
    (histogram) => Effect.sync(() => void histogram.disable())
  )
  const millisOf = (nanos: number) => Math.max(0, nanos / 1e6 - resolutionMillis)
  let diskFreeBytes: number | null = null
  let asked = false
  /** A disk that does not answer holds up nobody: the next look tells what it said. */
  const askDisk = () => {
    if (asked) return
    asked = true
    statfs(directory, (error, disk) => {
      asked = false
      diskFreeBytes = error === null ? disk.bavail * disk.bsize : null
    })
  }
  askDisk()
  let before: Delays = { p99: 0, max: 0 }
  let delaysSince = performance.now()
  let utilization = performance.eventLoopUtilization()
  let cpu = process.cpuUsage()
  let lookedAt = performance.now()

  return Effect.gen(function* () {
    const now = performance.now()
    const elapsedMicros = Math.max(1, now - lookedAt) * 1000
    const spent = process.cpuUsage(cpu)
    const used = process.cpuUsage()
    const passed = performance.eventLoopUtilization(utilization)
    cpu = used
    lookedAt = now
    utilization = performance.eventLoopUtilization()
    const delays: Delays = delay.count === 0 ? { p99: 0, max: 0 } : { p99: millisOf(delay.percentile(99)), max: millisOf(delay.max) }
    const told = { p99: Math.max(before.p99, delays.p99), max: Math.max(before.max, delays.max) }
    if (now - delaysSince > delaySeconds * 1000) {
      before = delays
      delaysSince = now
      delay.reset()
    }
    askDisk()
    const { heapTotal, heapUsed, rss } = process.memoryUsage()
    return {
      cpuUserSeconds: used.user / 1e6,
      cpuSystemSeconds: used.system / 1e6,
      cpuShare: (spent.user + spent.system) / elapsedMicros,
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      loopDelayP99Millis: told.p99,
      loopDelayMaxMillis: told.max,
      loopUtilization: passed.utilization,
      collections: [...collections].map(([kind, { count, seconds }]) => ({ kind, count, seconds })),
      openFiles: yield* entriesOf("/proc/self/fd"),
      threads: yield* entriesOf("/proc/self/task"),
      diskFreeBytes
    } satisfies ProcessView
  })
})
