/**
 * The words that users put in place of the built-in ones: a template for each part of a notification, read from a directory when the engine starts and when
 * its configuration is read again. One of which nothing comes falls back to the built-in words, and is counted.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { Context, Effect, FileSystem, Layer } from "effect"
import {
  parseTemplate,
  renderTemplate,
  type Template,
  type TemplateFields,
  templateFile,
  TemplateInvalid,
  TemplatePart
} from "./Template.ts"

export type Templates = Readonly<Partial<Record<TemplatePart, Template>>>

const component = "templates"

/** Of a file whose first byte is read. */
const readTemplate = Effect.fnUntraced(function* (part: TemplatePart, file: string) {
  const files = yield* FileSystem.FileSystem
  const source = yield* files
    .readFileString(file)
    .pipe(Effect.mapError(({ message }) => new TemplateInvalid({ file, line: 1, problem: `it cannot be read: ${message}` })))
  return yield* Effect.fromResult(parseTemplate(part, source, file))
})

/** The part is the file's name: `title.txt`, or anything else for the text. */
export const loadTemplate = (file: string) => readTemplate(/(^|[/\\])title\.[^/\\]*$/.test(file) ? "title" : "text", file)

/** All parts that the directory has; none where `directory` is empty. A directory that has none of them is a mistake. */
export const loadTemplates = Effect.fn("loadTemplates")(function* (directory: string) {
  if (directory === "") return {}
  const files = yield* FileSystem.FileSystem
  const found: { [Part in TemplatePart]?: Template } = {}
  for (const part of TemplatePart.literals) {
    const file = `${directory}/${templateFile(part)}`
    if (yield* Effect.orElseSucceed(files.exists(file), () => false)) found[part] = yield* readTemplate(part, file)
  }
  if (Object.keys(found).length === 0) {
    const problem = `there is neither ${TemplatePart.literals.map(templateFile).join(" nor ")} in it`
    return yield* new TemplateInvalid({ file: directory, line: 1, problem })
  }
  return found
})

export class Words extends Context.Service<
  Words,
  {
    /** A part in the user's words; undefined where the built-in ones stand. */
    readonly title: (fields: TemplateFields) => string | undefined
    readonly text: (fields: TemplateFields) => string | undefined
    readonly set: (templates: Templates) => Effect.Effect<void>
    /** How often a template gave nothing. */
    readonly failures: () => number
  }
>()("@evenkeel/alerting/render/Words") {
  static readonly layer = (templates: Templates) =>
    Layer.effect(
      Words,
      Effect.gen(function* () {
        const health = yield* HealthRegistry
        const words = makeWords(templates)
        yield* health.gauge(component, "failures", words.failures)
        yield* health.report(component, "running")
        return words
      })
    )
}

export const makeWords = (initial: Templates): Words["Service"] => {
  let templates = initial
  let failures = 0
  const part = (template: Template | undefined, fields: TemplateFields) => {
    if (template === undefined) return undefined
    const text = renderTemplate(template, fields)
    if (text === undefined) failures++
    return text?.split("\n").map(plainText).join("\n")
  }
  return {
    title: (fields) => part(templates.title, fields),
    text: (fields) => part(templates.text, fields),
    set: (next) =>
      Effect.sync(() => {
        templates = next
      }),
    failures: () => failures
  }
}
