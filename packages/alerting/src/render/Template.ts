/**
 * A notification's words as a file that users write: Mustache, with the fields below, conditions and loops, and nothing that runs.
 *
 * A template is checked when it is read: a field that there is not, a partial or a loop within a loop is refused with its line, so that what is looked up is
 * never more than a field. Its text is plain: each service escapes the whole as it escapes its own words, so a template has no markup, and no value can.
 *
 * Source: mustache.github.io/mustache.5.html.
 */
import { Result, Schema } from "effect"
import Mustache from "mustache"
import { shortened } from "./Shortened.ts"

export const TemplatePart = Schema.Literals(["title", "text"])
export type TemplatePart = typeof TemplatePart.Type

/** A part's file in the directory of templates. */
export const templateFile = (part: TemplatePart): string => `${part}.txt`

const textFields = [
  "title",
  "status",
  "severity",
  "alertname",
  "kind",
  "subject",
  "coin",
  "deviation",
  "fairValue",
  "signal",
  "value",
  "threshold",
  "unit",
  "summary",
  "description",
  "time",
  "startsAt",
  "acknowledgedBy",
  "closedReason",
  "advice",
  "link"
] as const
const flagFields = ["firing", "resolved", "simulated"] as const
/** Each of `reasons` is a text, of `facts` and `labels` a name and a value. */
const listFields = ["reasons", "facts", "labels"] as const
const itemFields = ["name", "value"]

interface Pair {
  readonly name: string
  readonly value: string
}

/** What a template can show of one alert. Texts that do not apply are empty, and false as conditions. */
export interface TemplateFields
  extends Readonly<Record<(typeof textFields)[number], string>>, Readonly<Record<(typeof flagFields)[number], boolean>> {
  readonly reasons: ReadonlyArray<string>
  readonly facts: ReadonlyArray<Pair>
  readonly labels: ReadonlyArray<Pair>
}

export class TemplateInvalid extends Schema.TaggedError<TemplateInvalid>()("TemplateInvalid", {
  file: Schema.String,
  /** From 1. */
  line: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file}:${this.line}: ${this.problem}`
  }
}

export const templateBytesMax = 16 * 1024
const charactersMax: Readonly<Record<TemplatePart, number>> = { title: 300, text: 4000 }

export interface Template {
  readonly part: TemplatePart
  readonly source: string
}

type Token = readonly [type: string, value: string, start: number, end: number, inner?: ReadonlyArray<Token>]

const known: ReadonlyArray<string> = [...textFields, ...flagFields, ...listFields]
const isList = (name: string) => listFields.some((list) => list === name)

/** The first thing that is wrong, and where. */
const faultOf = (tokens: ReadonlyArray<Token>, list: string | undefined): { readonly at: number; readonly problem: string } | undefined => {
  for (const [type, value, at, , inner = []] of tokens) {
    if (type === "text" || type === "!") continue
    if (type === ">") return { at, problem: "there are no partials" }
    if (type === "=") return { at, problem: "delimiters cannot be changed" }
    if (type === "&") return { at, problem: `{{${value}}} with two braces is enough: services escape the whole` }
    const items = list === undefined ? [] : list === "reasons" ? ["."] : itemFields
    if (!known.includes(value) && !items.includes(value))
      return { at, problem: `${JSON.stringify(value)} is no field: there are ${[...items, ...known].join(", ")}` }
    if (type !== "#" && type !== "^") {
      if (isList(value)) return { at, problem: `${value} is a list: {{#${value}}}…{{/${value}}}` }
      continue
    }
    const loops = type === "#" && isList(value)
    if (loops && list !== undefined) return { at, problem: "a loop within a loop" }
    const found = faultOf(inner, loops ? value : list)
    if (found !== undefined) return found
  }
  return undefined
}

export const parseTemplate = (part: TemplatePart, source: string, file: string): Result.Result<Template, TemplateInvalid> => {
  const refused = (at: number, problem: string) =>
    Result.fail(new TemplateInvalid({ file, line: source.slice(0, at).split("\n").length, problem }))
  if (Buffer.byteLength(source) > templateBytesMax) return refused(0, `it is longer than ${templateBytesMax} bytes`)
  const parsed = Result.try(() => Mustache.parse(source))
  if (Result.isFailure(parsed)) {
    const said = parsed.failure instanceof Error ? parsed.failure.message : "it is no Mustache"
    // The library ends what it says with the character's number.
    const at = Number(/ at (\d+)$/.exec(said)?.[1] ?? 0)
    return refused(at, said.replace(/ at \d+$/, ""))
  }
  const fault = faultOf(parsed.success as ReadonlyArray<Token>, undefined)
  return fault === undefined ? Result.succeed({ part, source }) : refused(fault.at, fault.problem)
}

/** Undefined where nothing comes of it. */
export const renderTemplate = ({ part, source }: Template, fields: TemplateFields): string | undefined => {
  const rendered = Result.getOrUndefined(Result.try(() => Mustache.render(source, fields, {}, { escape: String })))
  const text = part === "title" ? rendered?.replace(/\s+/g, " ").trim() : rendered?.trim()
  return text === undefined || text === "" ? undefined : shortened(text, charactersMax[part])
}
