/**
 * Housekeeping, so that no disk fills: bounds on the market journal, the log and the outbox, by size and by age.
 *
 * The journal is looked at every minute and the database every hour, each in a loop of its own: a database that does not answer does not keep
 * the journal from being trimmed. A third one keeps room on the disk (`DiskSpace`). What cannot be removed, and why, is reported in health.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Clock, Context, Duration, Effect, FileSystem, Layer, type PlatformError, Schema, Semaphore } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { databaseProblem } from "../database/DatabaseProblem.ts"
import { AuditHeadJson, signHeads } from "../event/AuditHead.ts"
import type { ChainAnchor } from "../event/Chain.ts"
import { EventStore } from "../event/EventStore.ts"
import { loadSigningKey, type SigningKeyRefused } from "../event/SigningKey.ts"
import { Outbox } from "../outbox/Outbox.ts"
import { keepDiskSpace } from "./DiskSpace.ts"
import { describeKept, planRemoval, removeFacts } from "./FactRetention.ts"
import { type JournalNotTrimmed, type JournalTrim, trimJournal } from "./JournalRetention.ts"

export interface RetentionLimits {
  /** Compressed, with indexes. */
  readonly journalBytesMax: number
  /** Since a segment was last written. */
  readonly journalAgeMax: Duration.Input
  readonly eventsAgeMax: Duration.Input
  /** Facts in all families that are not in `keepFamilies`. */
  readonly eventsMax: number
  /** Nothing of these families is removed, because read models are rebuilt from their first fact on. */
  readonly keepFamilies: ReadonlyArray<string>
  /** Since a notification was delivered or abandoned. Those that wait are never removed. */
  readonly deliveredAgeMax: Duration.Input
  readonly deliveredMax: number
}

/**
 * What an engine with ten venues leaves on its disk in a month, and thereafter, is at most about 25 GB:
 *
 * - Journal: three venues wrote 2 GB a day, so ten write about 7 GB a day and 200 GB a month. 20 GB hold three days of ten venues, or ten
 *   days of three. A minute of writing and the newest segment (256 MB) may come on top.
 * - Facts: about 1 KB each with indexes, a few thousand a day: 150 MB a month. 2,000,000 hold 2 GB even if every coin changes its level each minute.
 * - Notifications: about 2 KB each, 1,000 alerts a day to ten receivers: 600 MB a month. 1,000,000 hold 2 GB.
 */
export const retentionDefaults: RetentionLimits = {
  journalBytesMax: 20e9,
  journalAgeMax: "30 days",
  eventsAgeMax: "365 days",
  eventsMax: 2_000_000,
  keepFamilies: ["alert", "model"],
  deliveredAgeMax: "30 days",
  deliveredMax: 1_000_000
}

export interface RetentionOptions extends RetentionLimits {
  /** The engine's data: `journal/`, the key that anchors are signed with (`audit.key`) and the anchors themselves (`audit-anchors.jsonl`). */
  readonly directory: string
}

export interface DatabaseTrim {
  readonly removedFacts: number
  readonly removedNotifications: number
  /** What stays although the limits say otherwise, and why. */
  readonly kept: ReadonlyArray<string>
}

export class Retention extends Context.Service<
  Retention,
  {
    /** Trims the journal, now. */
    readonly journal: Effect.Effect<JournalTrim, JournalNotTrimmed>
    /** Removes old facts and notifications, now. */
    readonly database: Effect.Effect<DatabaseTrim, AnchorsNotExported | SigningKeyRefused | SqlError.SqlError>
  }
>()("@evenkeel/store/retention/Retention") {
  /** Keeps house for as long as its scope lasts. */
  static readonly layer = (options: RetentionOptions) => Layer.effect(Retention, makeRetention(options))

  /** A double that removes nothing. */
  static readonly layerTest = Layer.succeed(
    Retention,
    Retention.of({
      journal: Effect.succeed({ removedSegments: 0, removedBytes: 0, keptBytes: 0 }),
      database: Effect.succeed({ removedFacts: 0, removedNotifications: 0, kept: [] })
    })
  )
}

/** The anchors cannot be written down: no fact is removed. */
export class AnchorsNotExported extends Schema.TaggedError<AnchorsNotExported>()("AnchorsNotExported", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `no fact is removed, because the signed anchors cannot be written to ${this.file}: ${this.problem}`
  }
}

const journalEvery = "1 minute"
const databaseEvery = "1 hour"
/** Other programs can fill a disk in seconds. */
const diskEvery = "2 seconds"
/** After a look that failed. */
const againAfter: Duration.Input = "1 minute"
const encodeHead = Schema.encodeEffect(AuditHeadJson)

/** Where retention writes what it signs, in the engine's data. */
export const anchorsFile = (directory: string): string => `${directory}/audit-anchors.jsonl`

/** Appends the heads and the planned anchors, signed, to a file: a line, about 1 KB, for each time that facts are removed. */
const exportAnchors = Effect.fn("exportAnchors")(function* (directory: string, plan: ReadonlyArray<ChainAnchor>) {
  const files = yield* FileSystem.FileSystem
  const file = anchorsFile(directory)
  const failed = (error: PlatformError.PlatformError) => new AnchorsNotExported({ file, problem: error.message })
  yield* files.makeDirectory(directory, { recursive: true }).pipe(Effect.mapError(failed))
  const head = yield* signHeads(yield* loadSigningKey(`${directory}/audit.key`), plan)
  const line = yield* Effect.orDie(encodeHead(head))
  yield* files.writeFileString(file, `${line}\n`, { flag: "a" }).pipe(Effect.mapError(failed))
})

const millis = (duration: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(duration))

/** Removes old facts and notifications, once. */
export const trimDatabase = Effect.fn("trimDatabase")(function* (options: RetentionOptions) {
  const outbox = yield* Outbox
  const now = yield* Clock.currentTimeMillis
  const removedNotifications = yield* outbox.removeOver({ before: now - millis(options.deliveredAgeMax), keepMax: options.deliveredMax })
  const limits = { before: now - millis(options.eventsAgeMax), factsMax: options.eventsMax, keepFamilies: options.keepFamilies }
  const plan = yield* planRemoval(limits)
  if (plan.length > 0) yield* exportAnchors(options.directory, plan)
  const removedFacts = yield* removeFacts(plan)
  return { removedFacts, removedNotifications, kept: yield* describeKept(limits) } satisfies DatabaseTrim
})

const makeRetention = Effect.fnUntraced(function* (options: RetentionOptions) {
  const health = yield* HealthRegistry
  const supervisor = yield* Supervisor
  const context = yield* Effect.context<FileSystem.FileSystem | SqlClient.SqlClient | EventStore | Outbox>()
  // One look at a time, whoever asks for it.
  const journalTurn = yield* Semaphore.make(1)
  const databaseTurn = yield* Semaphore.make(1)
  const journal = trimJournal({
    directory: `${options.directory}/journal`,
    bytesMax: options.journalBytesMax,
    ageMaxMillis: millis(options.journalAgeMax)
  }).pipe(Effect.provideContext(context), journalTurn.withPermit)
  const database = trimDatabase(options).pipe(Effect.provideContext(context), databaseTurn.withPermit)

  let journalBytes = 0
  const keepJournal = Effect.gen(function* () {
    const { keptBytes, removedBytes, removedSegments } = yield* journal
    journalBytes = keptBytes
    if (removedSegments > 0) yield* Effect.logInfo("old segments of the journal were removed", { removedSegments, removedBytes, keptBytes })
    return []
  })
  const keepDatabase = Effect.gen(function* () {
    const { kept, removedFacts, removedNotifications } = yield* database
    if (removedFacts + removedNotifications > 0)
      yield* Effect.logInfo("old facts and notifications were removed", { removedFacts, removedNotifications })
    return kept
  })
  let diskFree = 0
  let diskSaid = ""
  const keepDisk = Effect.gen(function* () {
    const { freeBytes, problem, removedSegments } = yield* keepDiskSpace(options.directory).pipe(
      Effect.provideContext(context),
      journalTurn.withPermit
    )
    diskFree = freeBytes
    if (removedSegments > 0) yield* Effect.logWarning("segments of the journal were removed to make room", { removedSegments, freeBytes })
    const [kind] = problem.split("(", 1)
    if (problem !== "" && kind !== diskSaid) yield* Effect.logError(problem)
    diskSaid = kind!
    return problem === "" ? [] : [problem]
  })
  /** Looks again and again; a look that fails is repeated soon. */
  const keep = <E extends { readonly message: string }>(
    component: string,
    look: Effect.Effect<ReadonlyArray<string>, E>,
    every: Duration.Input,
    prefix = ""
  ) =>
    supervisor.supervise(
      component,
      look.pipe(
        Effect.flatMap((kept) =>
          kept.length === 0 ? health.report(component, "running") : health.report(component, "degraded", `${prefix}${kept.join("; ")}`)
        ),
        Effect.as(every),
        Effect.catch((error) =>
          Effect.logError(databaseProblem(error)).pipe(
            Effect.andThen(health.report(component, "degraded", databaseProblem(error))),
            Effect.as(againAfter)
          )
        ),
        Effect.flatMap((pause) => Effect.sleep(pause)),
        Effect.forever
      )
    )
  yield* health.gauge("retention:journal", "bytes", () => journalBytes)
  yield* keep("retention:journal", keepJournal, journalEvery)
  yield* keep("retention:database", keepDatabase, databaseEvery, "beyond the limits are kept: ")
  yield* health.gauge("retention:disk", "free_bytes", () => diskFree)
  yield* keep("retention:disk", keepDisk, diskEvery)
  return Retention.of({ journal, database })
})
