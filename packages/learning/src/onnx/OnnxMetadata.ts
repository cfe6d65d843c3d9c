/**
 * What an ONNX file says of itself in its `metadata_props`: the model's name and the hash of its own file, which feature each column of the input
 * is, and which head each column of the output. Another program reads from it what the file holds, and this one reads it of files made elsewhere.
 *
 * ```text
 * evenkeel.name       champion-2
 * evenkeel.sha256     of the model file that it was made from; left out elsewhere
 * evenkeel.features   ["distance_bps", "slope_1h"]
 * evenkeel.heads      ["onset:5", "state:1440"]   a label, and the horizon in minutes
 * ```
 */
import { Option, Schema } from "effect"
import { headLabels, type Head } from "../model/Model.ts"
import { readProto } from "./ProtoReader.ts"

export type OnnxHead = Pick<Head, "label" | "horizonMinutes">

export interface OnnxMetadata {
  readonly name: string
  readonly sha256: string
  readonly features: ReadonlyArray<string>
  readonly heads: ReadonlyArray<OnnxHead>
}

/** As a head is written: `onset:60`. */
export const headPattern = new RegExp(`^(${headLabels.join("|")}):([1-9][0-9]{0,5})$`)

export const headText = ({ horizonMinutes, label }: OnnxHead): string => `${label}:${horizonMinutes}`

export const parseHead = (text: string): OnnxHead | undefined => {
  const label = headLabels.find((each) => text.startsWith(`${each}:`))
  return label === undefined || !headPattern.test(text) ? undefined : { label, horizonMinutes: Number(text.slice(label.length + 1)) }
}

/** Keys and values of `metadata_props`. */
export const encodeMetadata = ({ features, heads, name, sha256 }: OnnxMetadata): ReadonlyArray<readonly [key: string, value: string]> => [
  ["evenkeel.name", name],
  ["evenkeel.sha256", sha256],
  ["evenkeel.features", JSON.stringify(features)],
  ["evenkeel.heads", JSON.stringify(heads.map(headText))]
]

/** What a file says of itself; undefined where its bytes are no ONNX model. What it does not say, or not in this way, is left out. */
export const readMetadata = (bytes: Uint8Array): Partial<OnnxMetadata> | undefined => {
  const fields = readProto(bytes, { wanted: Object.values(modelField), fieldsMax: modelFieldsMax })
  if (fields?.some(({ bytes, field }) => field === modelField.graph && bytes !== undefined) !== true) return undefined
  const said = new Map(fields.flatMap(({ bytes, field }) => (field === modelField.metadata && bytes !== undefined ? entryOf(bytes) : [])))
  const name = said.get("evenkeel.name")
  const sha256 = said.get("evenkeel.sha256")
  const features = decodeTexts(said.get("evenkeel.features"))
  const heads = Option.map(decodeTexts(said.get("evenkeel.heads")), (texts) => texts.map(parseHead))
  return {
    ...(name === undefined ? {} : { name }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(Option.isNone(features) ? {} : { features: features.value }),
    ...(Option.isSome(heads) && heads.value.every((head) => head !== undefined) ? { heads: heads.value } : {})
  }
}

/** Fields of `ModelProto`. */
const modelField = { graph: 7, metadata: 14 } as const
/** A model has a dozen, and one for each entry of its metadata and each function of its own. */
const modelFieldsMax = 10_000
/** An entry has a key and a value. */
const entryFieldsMax = 16
/** Texts that are longer say nothing that is looked for. */
const textBytesMax = 1 << 16

const decodeTexts = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Array(Schema.String)))

/** `StringStringEntryProto`: 1 is the key, 2 the value. */
const entryOf = (bytes: Uint8Array): ReadonlyArray<readonly [key: string, value: string]> => {
  if (bytes.length > textBytesMax) return []
  const fields = readProto(bytes, { wanted: [1, 2], fieldsMax: entryFieldsMax }) ?? []
  const textOf = (wanted: number) => new TextDecoder().decode(fields.find(({ field }) => field === wanted)?.bytes)
  return [[textOf(1), textOf(2)]]
}
