/**
 * Reads the configuration: defaults, then a TOML or JSON file, then `EVENKEEL_*` variables, each over the one before.
 *
 * Every problem is found in one go: wrong values with their path, keys and variables that do not exist. Secrets never appear in
 * a message.
 */
import { Effect, FileSystem, Option, Result, Schema, SchemaIssue } from "effect"
import { Toml } from "effect/encoding"
import { configDefaults, EngineConfig } from "./EngineConfig.ts"

export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  /** One line each. */
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return `the configuration is not valid:\n${this.problems.map((problem) => `  - ${problem}`).join("\n")}`
  }
}

type Tree = { readonly [key: string]: unknown }

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value)

const prefix = "EVENKEEL_"

/** `hotPath.barSeconds` is `EVENKEEL_HOT_PATH_BAR_SECONDS`. */
export const variableOf = (path: ReadonlyArray<string>): string =>
  prefix + path.map((key) => key.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase()).join("_")

/** Paths of all values that can be set. */
const leaves = (tree: Tree, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) && Object.keys(value).length > 0 ? leaves(value, [...path, key]) : [[...path, key]]
  )

/** The value of a setting; undefined where there is none. */
export const valueAt = (tree: Tree, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inner, key) => (isTree(inner) ? inner[key] : undefined), tree)

export const configPaths = leaves(configDefaults)

/** Other `EVENKEEL_*` variables that mean something. */
const otherVariables = new Set([`${prefix}CONFIG`, `${prefix}TEST_DATABASE_URL`])

const merge = (under: Tree, over: Tree): Tree => {
  const merged: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isTree(value) && isTree(below) ? merge(below, value) : value
  }
  return merged
}

const at = (path: ReadonlyArray<string>, value: unknown): Tree =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree

/** Environment values are text; lists and objects are JSON. */
const fromEnvironment = (
  environment: Readonly<Record<string, string | undefined>>
): { readonly tree: Tree; readonly problems: ReadonlyArray<string> } => {
  const byVariable = new Map(configPaths.map((path) => [variableOf(path), path]))
  let tree: Tree = {}
  const problems: Array<string> = []
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || value === undefined || otherVariables.has(name)) continue
    const path = byVariable.get(name)
    if (path === undefined) {
      problems.push(`${name} is not a setting`)
      continue
    }
    const initial = valueAt(configDefaults, path)
    if (isTree(initial)) {
      const object = Result.try(() => JSON.parse(value) as unknown).pipe(Result.getOrUndefined)
      if (isTree(object)) tree = merge(tree, at(path, object))
      else problems.push(`${name} is not a JSON object`)
      continue
    }
    if (!Array.isArray(initial)) {
      tree = merge(tree, at(path, value))
      continue
    }
    const list = value.trim().startsWith("[")
      ? Result.try(() => JSON.parse(value) as unknown).pipe(Result.getOrUndefined)
      : value
          .split(",")
          .map((item) => item.trim())
          .filter((item) => item !== "")
    if (Array.isArray(list)) tree = merge(tree, at(path, list))
    else problems.push(`${name} is not a list: give JSON, or items with commas`)
  }
  return { tree, problems }
}

/** A TOML or JSON file of settings as it is, nothing of it decoded. */
export const readSettings = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* files
    .readFileString(path)
    .pipe(Effect.mapError((error) => new ConfigInvalid({ problems: [`${path} cannot be read: ${error.message}`] })))
  const parsed: Result.Result<unknown, unknown> = path.endsWith(".json") ? Result.try(() => JSON.parse(text) as unknown) : Toml.parse(text)
  if (Result.isFailure(parsed)) {
    const why = parsed.failure instanceof Error ? parsed.failure.message : String(parsed.failure)
    return yield* new ConfigInvalid({ problems: [`${path} is not ${path.endsWith(".json") ? "JSON" : "TOML"}: ${why}`] })
  }
  if (!isTree(parsed.success)) return yield* new ConfigInvalid({ problems: [`${path} does not hold settings`] })
  return parsed.success
})

/** Everything as text, as the string codec wants it; lists keep their form. */
const asText = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(asText)
    : isTree(value)
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asText(inner)]))
      : String(value)

const decode = Schema.decodeUnknownResult(Schema.toCodecStringTree(EngineConfig), { errors: "all", onExcessProperty: "error" })
const standard = SchemaIssue.makeFormatterStandardSchemaV1()

/** Secrets by path, never to be shown. */
const isSecret = (path: string) => /(^|\.)(url|secret|token|password|key)$/.test(path)

/** The file that is read: the one that is named, else `EVENKEEL_CONFIG`'s. */
export const configFile = (file: Option.Option<string>, environment: Readonly<Record<string, string | undefined>>): string | undefined =>
  Option.getOrUndefined(Option.orElse(file, () => Option.fromUndefinedOr(environment[`${prefix}CONFIG`])))

export const loadConfig = Effect.fn("loadConfig")(function* (
  file: Option.Option<string>,
  environment: Readonly<Record<string, string | undefined>>
) {
  const named = configFile(file, environment)
  const fromFile = named === undefined ? {} : yield* readSettings(named)
  const fromVariables = fromEnvironment(environment)
  const decoded = decode(asText(merge(merge(configDefaults, fromFile), fromVariables.tree)))
  const problems = [
    ...fromVariables.problems,
    ...(Result.isFailure(decoded)
      ? standard(decoded.failure.issue).issues.map((issue) => {
          const keys = (issue.path ?? []).map((segment) => String(typeof segment === "object" ? segment.key : segment))
          const path = keys.join(".")
          const setting = configPaths.find((each) => each.every((key, index) => key === keys[index]))
          const variable = setting === undefined ? undefined : variableOf(setting)
          const where = variable !== undefined && environment[variable] !== undefined ? `${path} (${variable})` : path
          // What the library says of a key that the schema does not have.
          if (issue.message === "Expected no excess property") return `${path} is not a setting`
          return isSecret(path) ? `${where} is not valid (its value is not shown)` : `${where}: ${issue.message}`
        })
      : [])
  ]
  // A secret can be wrong in two ways, and shows neither.
  if (Result.isFailure(decoded) || problems.length > 0) return yield* new ConfigInvalid({ problems: [...new Set(problems)] })
  return decoded.success
})
