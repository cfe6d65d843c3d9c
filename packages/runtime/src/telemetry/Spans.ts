/**
 * The names of spans that an operator follows, and every attribute that is the engine's own.
 *
 * Names and attributes follow OpenTelemetry's semantic conventions 1.45.0. What hands something on through a ring, the log or the outbox is a messaging span
 * (messaging/messaging-spans.md): its name is the operation and the destination, `process frames`; its kind is producer or consumer; and
 * `code.function.name` says where in the code it is. HTTP spans are the client's and server's (http/http-spans.md), database spans the driver's (db/database-spans.md),
 * exceptions the tracer's (`exception.*`).
 *
 * Head sampling decides about all spans but those of an alert's way, which begins with a change of level: `alertWay` marks them and they are kept.
 */
import { Context, type Tracer } from "effect"

/** Attributes that no convention names. */
export const attributes = {
  coin: "evenkeel.coin",
  /** The coin, or the rule, that alerts are about. */
  subject: "evenkeel.subject",
  level: "evenkeel.level",
  /** Of a frame: its venue's wire number. */
  venue: "evenkeel.venue.number",
  receiver: "evenkeel.receiver",
  stream: "evenkeel.log.stream",
  /** Alerts that a fact changed. */
  alerts: "evenkeel.alerts",
  /** Of a log line, and of a message: whose mailbox it was in. */
  component: "evenkeel.component",
  kind: "evenkeel.kind"
} as const

/** What lies between two parts of the engine. */
export type Destination = "frames" | "signals" | "mailbox" | "log" | "outbox"

interface MessagingSpan {
  readonly operation: string
  /** `send` puts something there, `process` handles what was taken. */
  readonly type: "send" | "process"
  readonly destination: Destination
  readonly code: string
}

const spans = {
  frameSent: { operation: "send", type: "send", destination: "frames", code: "FrameSink.offer" },
  frameProcessed: { operation: "process", type: "process", destination: "frames", code: "HotPath.process" },
  levelRecorded: { operation: "process", type: "process", destination: "signals", code: "LevelRecorder.record" },
  messageProcessed: { operation: "process", type: "process", destination: "mailbox", code: "Actor.handle" },
  factAppended: { operation: "append", type: "send", destination: "log", code: "EventStore.append" },
  alertDecided: { operation: "process", type: "process", destination: "log", code: "AlertManager.record" },
  notificationSent: { operation: "send", type: "send", destination: "outbox", code: "Notifier.tell" },
  notificationDelivered: { operation: "process", type: "process", destination: "outbox", code: "Dispatcher.deliver" }
} as const satisfies Record<string, MessagingSpan>
export type SpanKey = keyof typeof spans

/** The name that Jaeger shows. */
export const spanName = (key: SpanKey): string => `${spans[key].operation} ${spans[key].destination}`

/** Kind and attributes of such a span. */
export const spanOptions = (key: SpanKey, more: Readonly<Record<string, unknown>> = {}) => {
  const { code, destination, operation, type } = spans[key]
  return {
    kind: type === "send" ? ("producer" as const) : ("consumer" as const),
    attributes: {
      "messaging.system": "evenkeel",
      "messaging.destination.name": destination,
      "messaging.operation.name": operation,
      "messaging.operation.type": type,
      "code.function.name": code,
      ...more
    }
  }
}

/** Whether a span is kept whatever the sampler would say. */
export const Kept = Context.Reference<boolean>("@evenkeel/runtime/telemetry/Spans/Kept", { defaultValue: () => false })

/** Annotations of spans on an alert's way. */
export const alertWay: Context.Context<never> = Context.make(Kept, true)

/** A span from plain code: its attributes as well, which a tracer takes only afterwards. */
export const startSpan = (
  tracer: Tracer.Tracer,
  key: SpanKey,
  options: Pick<Parameters<Tracer.Tracer["span"]>[0], "annotations" | "parent" | "startTime">,
  more: Readonly<Record<string, unknown>> = {}
): Tracer.Span => {
  const { attributes: own, kind } = spanOptions(key, more)
  const span = tracer.span({ name: spanName(key), ...options, links: [], kind, root: options.parent._tag === "None", sampled: true })
  for (const [name, value] of Object.entries(own)) span.attribute(name, value)
  return span
}
