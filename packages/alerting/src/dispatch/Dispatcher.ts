/**
 * Delivers what the outbox holds: an actor for each receiver, so that one that fails or is slow holds up nobody else.
 *
 * A row is claimed with a lease before it is sent, so that engines that share a database send it once. Only the oldest row of an alert
 * can be claimed: what failed is tried again before anything newer of the same alert, and other alerts pass it by. They pass by what hangs, too: more is
 * claimed as soon as there is room, so that a delivery that takes long holds up its own alert and takes one place of `sendingMax`.
 *
 * What a receiver took, and the database would not note, is remembered: only the note is tried again. After a restart, or beyond
 * `unnotedMax`, it is sent once more under the same idempotency key.
 */
import { Notification } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { alertLine } from "@evenkeel/runtime/log/LogRecord"
import { makeActor } from "@evenkeel/runtime/supervision/Actor"
import { type Pulse, Supervisor, unwatched } from "@evenkeel/runtime/supervision/Supervisor"
import { waitAtMost } from "@evenkeel/runtime/supervision/WaitAtMost"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { LatencyStages, presentTrace } from "@evenkeel/runtime/telemetry/LatencyStages"
import { alertWay, attributes, spanName, spanOptions } from "@evenkeel/runtime/telemetry/Spans"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { databaseProblem, statementHangsAfter } from "@evenkeel/store/database/DatabaseProblem"
import { type ClaimedRow, Outbox, type OutboxRow } from "@evenkeel/store/outbox/Outbox"
import { type Cause, Clock, Context, Effect, Exit, Latch, Layer, Metric, Schema, Semaphore } from "effect"
import type { SqlError } from "effect/sql"
import { type Receiver, Receivers } from "../receiver/Receiver.ts"

/** Rows, each of another group, that one receiver is sent at once. */
const sendingMax = 16
/** Rows that are claimed at once where those before took no longer than that; else no more than can be sent at once. */
const turnMax = 128
const quickMillis = 1000
/** While some are on their way, what the database did not note is tried again this often. */
const noteAgainMillis = 1000
/** Without a nudge the outbox is looked at this often: rows that were put off become due, and other engines add some. */
const lookEvery = "1 second"
/** A claim lasts so long; what an engine had claimed when it was killed is sent by another one, or after a restart, thereafter. */
const leaseMillis = 60_000
/** A delivery that takes longer is given up, so that none outlives its claim. */
const deliveryMillisMax = leaseMillis / 2
/** Notifications that wait for one receiver; of more, the oldest of those that matter least are given up. */
const waitingMax = 10_000
/** Deliveries that are remembered while the database does not note them; of more, the oldest are forgotten, and sent again. */
const unnotedMax = 10_000
/** On shutdown, claims are given back unless the database takes longer to answer. */
const releaseWithin = "1 second"
/** While the database is away a receiver's actor waits this long. */
const databaseWait = "2 seconds"

export class Dispatcher extends Context.Service<
  Dispatcher,
  {
    /** There may be something new: look now. */
    readonly nudge: Effect.Effect<void>
    /** Sends everything that is due, once. */
    readonly drain: Effect.Effect<void, SqlError.SqlError>
  }
>()("@evenkeel/alerting/dispatch/Dispatcher") {
  static readonly layer = (options: { readonly owner: string }) => Layer.effect(Dispatcher, makeDispatcher(options.owner))
}

const decodeNotification = Schema.decodeUnknownEffect(Schema.fromJsonString(Notification))

/** `owner` tells this engine's claims from those of others. */
const makeDispatcher = Effect.fnUntraced(function* (owner: string) {
  const outbox = yield* Outbox
  const receivers = yield* Receivers
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const links = yield* SpanLinks
  const latency = yield* LatencyStages
  latency.know("delivery")

  /** Rows that were delivered and not noted, with when. */
  const unnoted = new Map<string, { readonly row: OutboxRow; readonly at: number }>()
  const nameOf = ({ idempotencyKey, receiver }: OutboxRow) => `${receiver} ${idempotencyKey}`

  /** Delivered rows whose note is not begun. While one statement notes some, others gather for the next: one commit for many. */
  let gathered: Array<{ readonly row: OutboxRow; readonly at: number }> = []
  const noting = yield* Semaphore.make(1)

  const noteGathered = Effect.suspend(() => {
    const rows = gathered
    gathered = []
    if (rows.length === 0) return Effect.void
    const at = Math.max(...rows.map((each) => each.at))
    return outbox
      .delivered(
        rows.map(({ row }) => row),
        at
      )
      .pipe(
        Effect.andThen(Effect.sync(() => rows.forEach(({ row }) => unnoted.delete(nameOf(row))))),
        Effect.catchTag("SqlError", (error) => {
          for (const each of rows) unnoted.set(nameOf(each.row), unnoted.get(nameOf(each.row)) ?? each)
          while (unnoted.size > unnotedMax) unnoted.delete(unnoted.keys().next().value!)
          const detail = {
            rows: rows.length,
            receiver: rows[0]!.row.receiver,
            key: rows[0]!.row.idempotencyKey,
            problem: databaseProblem(error)
          }
          return Effect.logError("notifications were delivered, and the database does not note it", detail)
        })
      )
  })
  /** Ends when the row is noted, or remembered. */
  const note = (row: OutboxRow, at: number) =>
    Effect.suspend(() => {
      gathered.push({ row, at })
      return noting.withPermits(1)(noteGathered)
    })
  const noteAgain = (receiver: Receiver) =>
    Effect.suspend(() =>
      Effect.forEach(
        [...unnoted.values()].filter(({ row }) => row.receiver === receiver.name),
        ({ at, row }) => note(row, at),
        { concurrency: "unbounded", discard: true }
      )
    )

  const measured = Effect.fnUntraced(function* ({ idempotencyKey }: ClaimedRow) {
    latency.since("delivery", `written ${idempotencyKey}`, Number(yield* Clock.monotonicTimeNanos), yield* presentTrace)
  })

  /** Why the receiver did not take it; undefined where it did. */
  const deliver = (receiver: Receiver, row: ClaimedRow): Effect.Effect<Failure | undefined> =>
    decodeNotification(row.payload).pipe(
      Effect.flatMap(receiver.deliver),
      Effect.timeout(deliveryMillisMax),
      Effect.andThen(measured(row)),
      Effect.andThen(Effect.logDebug("a notification is delivered", { ...alertLine, receiver: receiver.name, key: row.idempotencyKey })),
      Effect.tapCause((cause) =>
        Effect.logWarning("a delivery failed", {
          ...alertLine,
          receiver: receiver.name,
          attempt: row.attempts + 1,
          problem: failureOf(cause).problem
        })
      ),
      Effect.withSpan(spanName("notificationDelivered"), {
        ...spanOptions("notificationDelivered", {
          [attributes.receiver]: receiver.name,
          "messaging.message.id": row.idempotencyKey,
          "messaging.message.delivery_attempt": row.attempts + 1
        }),
        annotations: alertWay,
        ...links.parentOf(row.idempotencyKey)
      }),
      Effect.as(undefined),
      // A receiver's defect is its own failure.
      Effect.sandbox,
      Effect.catch((cause) => Effect.succeed(failureOf(cause)))
    )

  const send = Effect.fnUntraced(function* (receiver: Receiver, row: ClaimedRow, { endsBy, pulse, sending }: Claim) {
    const before = unnoted.get(nameOf(row))
    if (before !== undefined) return yield* note(row, before.at)
    const sent = yield* pulse.waiting(
      sending.withPermits(1)(
        Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Failure | "late" | undefined> =>
          now > endsBy ? Effect.succeed("late") : deliver(receiver, row)
        )
      )
    )
    if (sent === "late") return
    const now = yield* Clock.currentTimeMillis
    const outcome = sent === undefined ? "delivered" : "failed"
    yield* Metric.update(Metric.withAttributes(Metrics.notifications, { receiver: receiver.name, outcome }), 1)
    if (sent === undefined) return yield* note(row, now)
    const { pauseMillis, problem } = sent
    const { abandoned } = yield* outbox.failed(row, problem, now, pauseMillis)
    if (abandoned) {
      yield* Metric.update(Metric.withAttributes(Metrics.notificationsAbandoned, { receiver: receiver.name }), 1)
      const words = `gave up a notification after ${row.attempts + 1} attempts: ${problem}`
      yield* Effect.logError("a notification is given up", { ...alertLine, receiver: receiver.name, key: row.idempotencyKey, problem })
      yield* health.report(`receiver:${receiver.name}`, "degraded", words)
    }
  })

  /**
   * Claims and sends until nothing is due and nothing is on its way; looks again when `wake` opens. What takes long to send is claimed when it can be
   * begun, what goes quickly in large turns. While the database is away nothing is claimed, and what is on its way goes on.
   */
  const sendDue = Effect.fnUntraced(function* (receiver: Receiver, pulse: Pulse, wake: Latch.Latch) {
    const sending = yield* Semaphore.make(sendingMax)
    /** Claimed, and neither noted nor put off. */
    const inHand = new Set<string>()
    let turn = sendingMax
    /** The last claim that found some, and whether what ended last of it was quick: what hangs of an older one says nothing of the others. */
    let newest: Claim | undefined
    let isQuick = false
    let notedAt = -Infinity
    let problem: Cause.Cause<SqlError.SqlError> | undefined

    const begin = (row: ClaimedRow, claim: Claim) => {
      inHand.add(nameOf(row))
      return send(receiver, row, claim).pipe(
        Effect.onError((cause) => Effect.sync(() => (problem = cause))),
        Effect.ensuring(
          Effect.map(Clock.currentTimeMillis, (now) => {
            inHand.delete(nameOf(row))
            if (claim === newest) {
              isQuick = now - claim.at <= quickMillis
              if (!isQuick) turn = sendingMax
            }
            wake.openUnsafe()
          })
        ),
        Effect.forkScoped
      )
    }

    for (;;) {
      // Whatever happens from here on opens it again.
      wake.closeUnsafe()
      yield* pulse.beat
      const at = yield* Clock.currentTimeMillis
      if (at - notedAt >= noteAgainMillis) {
        notedAt = at
        yield* noteAgain(receiver)
      }
      if (inHand.size < sendingMax) {
        if (isQuick && newest?.isFull === true) turn = Math.min(2 * turn, turnMax)
        isQuick = false
        const limit = turn === sendingMax ? sendingMax - inHand.size : turn
        const claimed = yield* Effect.exit(outbox.claim({ receiver: receiver.name, owner, now: at, leaseMillis, limit }))
        const rows = Exit.isSuccess(claimed) ? claimed.value : []
        // What has waited until then is claimed anew when its lease is over.
        const claim = { at, isFull: rows.length === limit, endsBy: at + leaseMillis - deliveryMillisMax, sending, pulse }
        if (rows.length > 0) newest = claim
        // What is in hand for longer than its lease is not sent beside itself.
        for (const row of rows) if (!inHand.has(nameOf(row))) yield* begin(row, claim)
        if (inHand.size === 0 && Exit.isFailure(claimed)) return yield* claimed
        if (inHand.size === 0) return yield* problem === undefined ? Effect.void : Effect.failCause(problem)
      }
      yield* wake.await
    }
  }, Effect.scoped)

  let pending = 0
  let abandoned = 0
  yield* health.gauge("dispatcher", "outbox_pending", () => pending)
  yield* health.gauge("dispatcher", "outbox_abandoned", () => abandoned)
  yield* health.gauge("dispatcher", "outbox_unnoted", () => unnoted.size)
  // Runs after the actors have stopped: what they had claimed and not sent is free for another engine, or for the next start.
  yield* Effect.addFinalizer(() => outbox.release(owner).pipe(Effect.ignore, waitAtMost(releaseWithin)))
  const actors = yield* Effect.forEach(receivers, (receiver) => {
    const wake = Latch.makeUnsafe()
    const actor = makeActor({
      name: `receiver:${receiver.name}`,
      mailboxCapacity: 1,
      // A look that waits already will see what is new by then.
      overflow: { _tag: "DropNewest" },
      // What it had claimed when it crashed is free at once, and not when the lease is over.
      afterCrash: "reset",
      initial: Effect.ignore(outbox.release(owner, receiver.name)),
      hangsAfter: statementHangsAfter,
      receive: (_state: void, _look: "look", pulse) =>
        sendDue(receiver, pulse, wake).pipe(
          Effect.catchTag("SqlError", (error) =>
            health
              .report(`receiver:${receiver.name}`, "degraded", databaseProblem(error))
              .pipe(
                Effect.andThen(Effect.logWarning("the outbox cannot be read", { problem: databaseProblem(error) })),
                Effect.andThen(pulse.waiting(Effect.sleep(databaseWait))),
                Effect.andThen(health.report(`receiver:${receiver.name}`, "running"))
              )
          ),
          Effect.as([undefined, undefined] as const)
        )
    })
    return Effect.map(actor, ({ tell }) => Effect.andThen(Effect.ignore(tell("look")), wake.open))
  })
  const nudge = Effect.all(actors, { discard: true })

  const perReceiver = (counts: ReadonlyArray<{ readonly receiver: string; readonly count: number }>) =>
    counts.map(({ count, receiver }) => `${count} for ${receiver}`).join(", ")

  /** What nobody gets: rows of receivers that are not configured any more, and rows that were given up. They stay, and people are told. */
  const reportUndelivered = Effect.gen(function* () {
    for (const { name: receiver } of receivers) {
      const count = yield* outbox.trim({ receiver, keepMax: waitingMax, now: yield* Clock.currentTimeMillis })
      if (count === 0) continue
      yield* Metric.update(Metric.withAttributes(Metrics.notificationsAbandoned, { receiver }), count)
      yield* Effect.logError("notifications are given up: too many wait", { receiver, count, waiting: waitingMax })
    }
    pending = yield* outbox.pending
    const orphans = yield* outbox.orphans(receivers.map(({ name }) => name))
    const given = yield* outbox.abandonedCounts
    abandoned = given.reduce((sum, { count }) => sum + count, 0)
    const words = [
      ...(orphans.length === 0 ? [] : [`notifications wait for receivers that are not configured: ${perReceiver(orphans)}`]),
      ...(abandoned === 0 ? [] : [`notifications were given up, see \`evenkeel alerts list\`: ${perReceiver(given)}`]),
      ...(unnoted.size === 0 ? [] : [`the database does not note that ${unnoted.size} notifications were delivered`])
    ]
    yield* words.length === 0 ? health.report("dispatcher", "running") : health.report("dispatcher", "degraded", words.join("; "))
  })
  yield* supervisor.superviseBeating(
    "dispatcher",
    ({ waiting }) =>
      Effect.andThen(nudge, reportUndelivered).pipe(
        Effect.catchTag("SqlError", (error) => health.report("dispatcher", "degraded", databaseProblem(error))),
        Effect.andThen(waiting(Effect.sleep(lookEvery))),
        Effect.forever
      ),
    statementHangsAfter
  )
  return Dispatcher.of({
    nudge,
    drain: Effect.forEach(receivers, (receiver) => sendDue(receiver, unwatched, Latch.makeUnsafe()), {
      concurrency: "unbounded",
      discard: true
    })
  })
})

/** What the rows of one claim share. */
interface Claim {
  /** When they were claimed, Unix ms. */
  readonly at: number
  /** They were as many as were asked for. */
  readonly isFull: boolean
  /** A permit for each row that may be on its way. */
  readonly sending: Semaphore.Semaphore
  /** After this none is begun, Unix ms. */
  readonly endsBy: number
  readonly pulse: Pulse
}

interface Failure {
  readonly problem: string
  /** The receiver asks not to be asked again for so long. */
  readonly pauseMillis: number
}

const failureOf = (cause: Cause.Cause<{ readonly message: string; readonly pauseMillis?: number | undefined }>): Failure => ({
  problem: cause.reasons
    .map((reason) => ("error" in reason ? reason.error.message : "defect" in reason ? String(reason.defect) : "interrupted"))
    .join("; "),
  pauseMillis: cause.reasons.map((reason) => ("error" in reason ? (reason.error.pauseMillis ?? 0) : 0)).reduce((a, b) => Math.max(a, b), 0)
})
