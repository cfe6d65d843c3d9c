/**
 * A state, a bounded mailbox and one supervised fiber that handles messages in order.
 *
 * What an operator asks of every component comes with it: mailbox depth, messages handled and dropped, the slowest and the present one's
 * handling time, restarts and status in the health registry; a span for each message sent from within a span, as its child. A crash costs the
 * message in hand and nothing else: the mailbox outlives the loop.
 */
import { attributes, spanName, spanOptions } from "../telemetry/Spans.ts"
import { Cause, Clock, type Duration, Effect, Exit, Deferred, Fiber, Option, Queue, Schema, type Scope, type Tracer } from "effect"
import { HealthRegistry } from "../health/HealthRegistry.ts"
import { monotonicMillisOf } from "../time/Monotonic.ts"
import { defaultRestartPolicy, type Pulse, type RestartPolicy, Supervisor, unwatched } from "./Supervisor.ts"

/** What a full mailbox does with the next message. */
export type Overflow<M> =
  /** The sender waits. */
  | { readonly _tag: "Suspend" }
  /** The new message is refused: `tell` returns false, `ask` fails. */
  | { readonly _tag: "DropNewest" }
  /** The oldest waiting message makes room; if it was asked, its `ask` fails. */
  | { readonly _tag: "Slide" }
  /** A waiting message of the same key is replaced; a new key that finds no room is refused. */
  | { readonly _tag: "Conflate"; readonly key: (message: M) => string }

export interface ActorOptions<S, M, Reply, E, R> {
  readonly name: string
  /** What `tellUnknown` decodes with; needed where messages come from outside. */
  readonly message?: Schema.Codec<M, unknown>
  readonly mailboxCapacity: number
  readonly overflow?: Overflow<M>
  readonly restart?: RestartPolicy
  /** Whether a restarted actor keeps its state from before the crash or begins anew. */
  readonly afterCrash?: "resume" | "reset"
  readonly initial: Effect.Effect<S, E, R>
  /** A message that is handled for longer without a sign of life hangs: the actor is restarted. Without it the handling has bounds of its own. */
  readonly hangsAfter?: Duration.Input
  readonly receive: (state: S, message: M, pulse: Pulse) => Effect.Effect<readonly [S, Reply], E, R>
  /** How long shutdown waits for accepted messages to be handled. */
  readonly drainWithin?: Duration.Input
}

export interface Actor<M, Reply> {
  readonly name: string
  /** Hands a message over; false when a full mailbox refused it. */
  readonly tell: (message: M) => Effect.Effect<boolean, ActorStopped>
  /** Hands a message over and waits for its answer. */
  readonly ask: (message: M) => Effect.Effect<Reply, ActorStopped | MessageDropped>
  /** Decodes first: for the edges of the system. An actor without a schema refuses everything. */
  readonly tellUnknown: (input: unknown) => Effect.Effect<boolean, ActorStopped | Schema.SchemaError>
  readonly depth: Effect.Effect<number>
}

/** The actor has ended, or died of this very message. */
export class ActorStopped extends Schema.TaggedError<ActorStopped>()("ActorStopped", { actor: Schema.String }) {
  override get message() {
    return `${this.actor} has stopped`
  }
}

/** A full mailbox had no room for the message, or needed its place. */
export class MessageDropped extends Schema.TaggedError<MessageDropped>()("MessageDropped", { actor: Schema.String }) {
  override get message() {
    return `the mailbox of ${this.actor} is full`
  }
}

interface Envelope<M, Reply> {
  message: M
  parent: Tracer.AnySpan | undefined
  readonly reply: Deferred.Deferred<Reply, ActorStopped | MessageDropped> | undefined
}

export const makeActor = Effect.fnUntraced(function* <S, M, Reply, E, R>(
  options: ActorOptions<S, M, Reply, E, R>
): Effect.fn.Return<Actor<M, Reply>, never, R | HealthRegistry | Supervisor | Scope.Scope> {
  const health = yield* HealthRegistry
  const supervisor = yield* Supervisor
  const { name } = options
  const overflow = options.overflow ?? { _tag: "Suspend" }
  const stopped = new ActorStopped({ actor: name })
  const droppedHere = new MessageDropped({ actor: name })
  const mailbox = yield* Queue.make<Envelope<M, Reply>, Cause.Done>({
    capacity: options.mailboxCapacity,
    // A sliding mailbox is made by hand, so that whoever asked learns that its message is gone.
    strategy: overflow._tag === "Suspend" ? "suspend" : "dropping"
  })
  const waitingByKey = new Map<string, Envelope<M, Reply>>()
  let state: Option.Option<S> = Option.none()
  let handled = 0
  let dropped = 0
  let slowestMillis = 0
  /** When the message in hand was taken, Unix ms; undefined between two. */
  let busySince: number | undefined
  const clock = yield* Clock.Clock

  const handle = (envelope: Envelope<M, Reply>, pulse: Pulse) => {
    if (overflow._tag === "Conflate") {
      const key = overflow.key(envelope.message)
      // What was asked has the same key and is not the one that later messages replace.
      if (waitingByKey.get(key) === envelope) waitingByKey.delete(key)
    }
    const began = monotonicMillisOf(clock)
    busySince = began
    const received = Effect.map(options.receive(Option.getOrThrow(state), envelope.message, pulse), ([next, reply]) => {
      state = Option.some(next)
      handled++
      busySince = undefined
      slowestMillis = Math.max(slowestMillis, monotonicMillisOf(clock) - began)
      if (envelope.reply !== undefined) Deferred.doneUnsafe(envelope.reply, Exit.succeed(reply))
    })
    // Whoever asks must not hang when the message kills the actor.
    const { reply } = envelope
    const answered =
      reply === undefined
        ? received
        : Effect.onExit(received, (exit) => (Exit.isFailure(exit) ? Deferred.fail(reply, stopped) : Effect.void))
    return envelope.parent === undefined
      ? answered
      : Effect.withSpan(answered, spanName("messageProcessed"), {
          ...spanOptions("messageProcessed", { [attributes.component]: name }),
          parent: envelope.parent,
          captureStackTrace: false
        })
  }

  const life = (pulse: Pulse) =>
    Effect.gen(function* () {
      if (options.afterCrash === "reset" || Option.isNone(state)) state = Option.some(yield* options.initial)
      return yield* Effect.forever(
        Effect.flatMap(pulse.waiting(Queue.take(mailbox)), (envelope) => handle(envelope, pulse)),
        { disableYield: true }
      )
    }).pipe(Effect.catchIf(Cause.isDone, () => Effect.void))
  const policy = options.restart ?? defaultRestartPolicy
  const fiber = yield* options.hangsAfter === undefined
    ? supervisor.supervise(name, life(unwatched), policy)
    : supervisor.superviseBeating(name, life, options.hangsAfter, policy)
  yield* health.gauge(name, "mailbox", () => Queue.sizeUnsafe(mailbox))
  yield* health.gauge(name, "handled", () => handled)
  yield* health.gauge(name, "dropped", () => dropped)
  yield* health.gauge(name, "slowest_ms", () => slowestMillis)
  yield* health.gauge(name, "busy_ms", () => (busySince === undefined ? 0 : monotonicMillisOf(clock) - busySince))

  // Registered after the fork, so it runs before the fiber is interrupted: what was accepted is handled first.
  yield* Effect.addFinalizer(
    Effect.fnUntraced(function* () {
      yield* health.report(name, "draining")
      yield* Queue.end(mailbox)
      yield* Fiber.await(fiber).pipe(Effect.timeoutOption(options.drainWithin ?? "5 seconds"))
      const left = yield* Queue.clear(mailbox).pipe(Effect.orElseSucceed(() => []))
      for (const envelope of left) if (envelope.reply !== undefined) yield* Deferred.fail(envelope.reply, stopped)
      if (left.length > 0) yield* Effect.logWarning("messages left unhandled at shutdown", { actor: name, messages: left.length })
      yield* health.report(name, "stopped")
    })
  )
  // The supervisor gave up: nobody will ever answer.
  fiber.addObserver(() => {
    for (const envelope of Effect.runSyncExit(Queue.clear(mailbox)).pipe(
      Exit.getSuccess,
      Option.getOrElse(() => [])
    )) {
      if (envelope.reply !== undefined) Deferred.doneUnsafe(envelope.reply, Exit.fail(stopped))
    }
    Queue.endUnsafe(mailbox)
  })

  /** The oldest waiting message gives its place away. */
  const evictOldest = Effect.gen(function* () {
    const oldest = yield* Queue.poll(mailbox)
    if (Option.isNone(oldest)) return
    dropped++
    if (oldest.value.reply !== undefined) yield* Deferred.fail(oldest.value.reply, droppedHere)
  })

  const offer = Effect.fnUntraced(function* (envelope: Envelope<M, Reply>) {
    if (overflow._tag === "Conflate" && envelope.reply === undefined) {
      const key = overflow.key(envelope.message)
      const waiting = waitingByKey.get(key)
      if (waiting !== undefined) {
        waiting.message = envelope.message
        waiting.parent = envelope.parent
        return true
      }
      const accepted = yield* Queue.offer(mailbox, envelope)
      if (accepted) waitingByKey.set(key, envelope)
      else if (mailbox.state._tag !== "Open") return yield* stopped
      else dropped++
      return accepted
    }
    if (overflow._tag === "Slide" && Queue.sizeUnsafe(mailbox) >= options.mailboxCapacity) yield* evictOldest
    const accepted = yield* Queue.offer(mailbox, envelope)
    if (!accepted && mailbox.state._tag !== "Open") return yield* stopped
    if (!accepted) dropped++
    return accepted
  })
  // Reading the fiber's span costs nothing; `Effect.currentParentSpan` fails, and allocates, where there is none.
  const send = (message: M, reply?: Deferred.Deferred<Reply, ActorStopped | MessageDropped>) =>
    Effect.withFiber((caller) => offer({ message, reply, parent: caller.cache.span }))
  const tell = (message: M) => send(message)
  const decode = Schema.decodeUnknownEffect(options.message ?? nothing)

  return {
    name,
    tell,
    tellUnknown: (input) => Effect.flatMap(decode(input), tell),
    ask: Effect.fnUntraced(function* (message) {
      const reply = yield* Deferred.make<Reply, ActorStopped | MessageDropped>()
      if (!(yield* send(message, reply))) return yield* droppedHere
      return yield* Deferred.await(reply)
    }),
    depth: Queue.size(mailbox)
  }
})

/** The schema of an actor that takes nothing from outside. */
const nothing = Schema.Never
