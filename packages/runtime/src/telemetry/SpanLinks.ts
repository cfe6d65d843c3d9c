/**
 * Which span caused a fact, for whoever acts on that fact later in another fiber: a level change, its alert and its delivery are one trace.
 *
 * What several spans caused is a child of one and has links to the others. Only the newest are kept; what is acted on after a restart, or much later, begins a
 * trace of its own.
 */
import { Context, Layer, type Tracer } from "effect"

const spansMax = 1000
/** The links that a span may have by default in OpenTelemetry. */
const linksMax = 128

export class SpanLinks extends Context.Service<
  SpanLinks,
  {
    readonly set: (key: string, span: Tracer.AnySpan) => void
    /** `Effect.withSpan` options: under the span of `key`, or a new trace where none is known. */
    readonly parentOf: (key: string) => { readonly parent?: Tracer.AnySpan }
    /** Links to the spans of those keys that are known, each once. */
    readonly linksTo: (keys: ReadonlyArray<string>) => ReadonlyArray<Tracer.SpanLink>
  }
>()("@evenkeel/runtime/telemetry/SpanLinks") {
  static readonly layer = Layer.sync(SpanLinks, () => {
    const spans = new Map<string, Tracer.AnySpan>()
    return SpanLinks.of({
      set: (key, span) => {
        if (spans.size >= spansMax) spans.delete(spans.keys().next().value!)
        spans.set(key, span)
      },
      parentOf: (key) => {
        const parent = spans.get(key)
        return parent === undefined ? {} : { parent }
      },
      linksTo: (keys) => {
        const known = new Set(keys.slice(0, linksMax).flatMap((key) => spans.get(key) ?? []))
        return [...known].map((span) => ({ span, attributes: {} }))
      }
    })
  })
}
